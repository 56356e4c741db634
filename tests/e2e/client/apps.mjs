// Applications of several contracts: NFT, and AMM over three tokens.
import { strict as assert } from 'node:assert';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { BatchCall } from '@aztec/aztec.js/contracts';
import { Fr } from '@aztec/aztec.js/fields';
import { AMMContract } from '@aztec/noir-contracts.js/AMM';
import { NFTContract } from '@aztec/noir-contracts.js/NFT';
import { TokenContract } from '@aztec/noir-contracts.js/Token';
import { ask, begin, deploy, fails, mine, run, say } from './common.mjs';

async function nft({ wallet, accounts: [alice, bob] }) {
  const art = (await deploy('nft', NFTContract.deploy(wallet, alice, 'Art', 'ART'), { from: alice })).methods;

  /** Where each token is: its public owner (zero when it is in private), and who sees it among the own ones. */
  async function owners(expected) {
    for (const [id, [publicOwner, ...holders]] of Object.entries(expected)) {
      const found = await ask(art.owner_of(BigInt(id)), alice);
      assert.equal(found.toString(), publicOwner.toString(), `owner of ${id}`);
      for (const holder of [alice, bob]) {
        const [ids] = await ask(art.get_private_nfts(holder, 0), holder);
        assert.equal(ids.includes(BigInt(id)), holders.includes(holder), `${holder} holds ${id}`);
      }
    }
    say('owners', Object.fromEntries(Object.keys(expected).map(id => [id, expected[id].length])));
  }

  await mine('mint two', new BatchCall(wallet, [art.mint(alice, 7n), art.mint(bob, 8n)]), { from: alice });
  await owners({ 7: [alice], 8: [bob] });
  await mine('nft to private', art.transfer_to_private(bob, 7n), { from: alice });
  await mine('nft in public', art.transfer_in_public(bob, alice, 8n, 0), { from: bob });
  await owners({ 7: [AztecAddress.ZERO, bob], 8: [alice] });
  await mine('nft in private', art.transfer_in_private(bob, alice, 7n, 0), { from: bob });
  await owners({ 7: [AztecAddress.ZERO, alice] });
  await mine('nft to public', art.transfer_to_public(alice, bob, 7n, 0), { from: alice });
  await owners({ 7: [bob], 8: [alice] });

  await fails('nft of another', () => art.transfer_in_public(alice, bob, 7n, 0).simulate({ from: alice }), /invalid owner/);
  await fails('nft twice', () => art.mint(alice, 7n).simulate({ from: alice }), /token already exists/);
  await fails('nft by a stranger', () => art.mint(bob, 9n).simulate({ from: bob }), /caller is not a minter/);
  // A static call goes to the node directly: the wallet does not look up the text.
  await fails('no such nft', () => art.owner_of(9n).simulate({ from: bob }), /^Assertion failed: /);
  await fails('nft not in private', () => art.transfer_in_private(bob, alice, 7n, 0).simulate({ from: bob }),
    /NFT not found when transferring/);
  await mine('nft of another, sent', art.transfer_to_private(alice, 7n), { from: alice, result: 'app_logic_reverted' });
  await owners({ 7: [bob], 8: [alice] });
}

async function amm({ wallet, accounts: [alice, bob] }) {
  const coin = word => deploy(word, TokenContract.deploy(wallet, alice, word, word, 18), { from: alice });
  const coins = [await coin('left'), await coin('right')];
  const shares = await coin('shares');
  const where = [...coins, shares].map(({ address }) => address);
  const pool = await deploy('pool', AMMContract.deploy(wallet, ...where), { from: alice });
  const setUp = [
    ...coins.flatMap(({ methods }) => [methods.mint_to_private(alice, 10_000n), methods.mint_to_private(bob, 1_000n)]),
    shares.methods.set_minter(pool.address, true),
  ];
  await mine('mint and let the pool mint', new BatchCall(wallet, setUp), { from: alice });

  // What the pool has to hold, and what is left to whom, by the rules of a constant product with a fee of 0.3 %.
  const have = { pool: [0n, 0n], alice: [10_000n, 10_000n, 0n], bob: [1_000n, 1_000n, 0n], supply: 0n };
  const bought = (amount, [into, out]) => (amount * 997n * out) / (into * 1000n + amount * 997n);
  const price = (amount, [into, out]) => (into * amount * 1000n) / ((out - amount) * 997n) + 1n;
  async function balances(step) {
    for (const [index, { methods }] of [...coins, shares].entries()) {
      for (const [name, owner] of Object.entries({ alice, bob })) {
        assert.equal(await ask(methods.balance_of_private(owner), owner), have[name][index], `${step}: ${name}, ${index}`);
      }
    }
    for (const [index, { methods }] of coins.entries()) {
      assert.equal(await ask(methods.balance_of_public(pool.address), alice), have.pool[index], `${step}: pool, ${index}`);
    }
    assert.equal(await ask(shares.methods.total_supply(), alice), have.supply, `${step}: supply`);
    say(`after ${step}`, have);
  }

  /** A witness with which the pool may take tokens out of somebody's private balance. */
  const permit = async (owner, token, method, amount, nonce) =>
    wallet.createAuthWit(owner, {
      caller: pool.address,
      call: await token.methods[method](owner, pool.address, amount, nonce).getFunctionCall(),
    });
  const WITH_CHANGE = 'transfer_to_public_and_prepare_private_balance_increase';

  async function add(step, owner, max, options = {}) {
    const nonce = Fr.random();
    const authWitnesses = [];
    for (const [index, token] of coins.entries()) {
      authWitnesses.push(await permit(owner, token, WITH_CHANGE, max[index], nonce));
    }
    const call = pool.methods.add_liquidity(max[0], max[1], options.min ?? 1n, 1n, nonce);
    await mine(step, call, { from: owner, authWitnesses, result: options.result });
  }

  await add('first liquidity', alice, [4_000n, 2_000n]);
  have.pool = [4_000n, 2_000n];
  have.alice = [6_000n, 8_000n, 99_000n];
  have.supply = 100_000n;
  await balances('first liquidity');

  // 500 of the left go with 250 of the right: the other 150 come back as change.
  await add('more liquidity', bob, [500n, 400n]);
  have.pool = [4_500n, 2_250n];
  have.bob = [500n, 750n, 12_500n];
  have.supply = 112_500n;
  await balances('more liquidity');

  // The ratio is not the wanted one: the private transfers into the pool are undone with the rest.
  await add('too little for the price', bob, [100n, 1n], { min: 50n, result: 'app_logic_reverted' });
  await balances('too little for the price');

  const nonce = Fr.random();
  const received = bought(300n, have.pool);
  assert.equal(await ask(pool.methods.get_amount_out_for_exact_in(...have.pool, 300n), bob), received);
  const swap = pool.methods.swap_exact_tokens_for_tokens(where[0], where[1], 300n, received, nonce);
  const sell = { from: bob, authWitnesses: [await permit(bob, coins[0], 'transfer_to_public', 300n, nonce)] };
  const greedy = pool.methods.swap_exact_tokens_for_tokens(where[0], where[1], 300n, received + 1n, nonce);
  await fails('swap for too much', () => greedy.simulate(sell), /INSUFFICIENT_OUTPUT_AMOUNT/);
  await mine('swap', swap, sell);
  have.pool = [have.pool[0] + 300n, have.pool[1] - received];
  have.bob = [have.bob[0] - 300n, have.bob[1] + received, have.bob[2]];
  await balances('swap');

  const paid = price(200n, [have.pool[1], have.pool[0]]);
  const exact = pool.methods.swap_tokens_for_exact_tokens(where[1], where[0], 200n, paid + 9n, nonce);
  await mine('swap for an amount', exact, {
    from: bob, authWitnesses: [await permit(bob, coins[1], WITH_CHANGE, paid + 9n, nonce)],
  });
  have.pool = [have.pool[0] - 200n, have.pool[1] + paid];
  have.bob = [have.bob[0] + 200n, have.bob[1] - paid, have.bob[2]];
  await balances('swap for an amount');

  const back = have.pool.map(amount => (12_500n * amount) / have.supply);
  await mine('remove liquidity', pool.methods.remove_liquidity(12_500n, 1n, 1n, nonce), {
    from: bob, authWitnesses: [await permit(bob, shares, 'transfer_to_public', 12_500n, nonce)],
  });
  have.pool = have.pool.map((amount, index) => amount - back[index]);
  have.bob = [have.bob[0] + back[0], have.bob[1] + back[1], 0n];
  have.supply -= 12_500n;
  await balances('remove liquidity');
}

await run(async () => {
  const session = await begin(2);
  await nft(session);
  await amm(session);
});
