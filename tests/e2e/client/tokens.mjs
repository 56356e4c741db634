// Token: public and private balances, ways between them with partial notes, authorizations of both kinds, refusals.
import { strict as assert } from 'node:assert';
import { SetPublicAuthwitContractInteraction, lookupValidity } from '@aztec/aztec.js/authorization';
import { BatchCall } from '@aztec/aztec.js/contracts';
import { Fr } from '@aztec/aztec.js/fields';
import { AuthRegistryContract } from '@aztec/aztec.js/protocol';
import { TokenContract } from '@aztec/noir-contracts.js/Token';
import { ask, begin, deploy, equal, fails, mine, run, say } from './common.mjs';

await run(async () => {
  const { wallet, accounts: [alice, bob] } = await begin(2);
  const token = await deploy('token', TokenContract.deploy(wallet, alice, 'Coin', 'COI', 9), { from: alice });
  const t = token.methods;

  /** Who has what: public, private; and all of it together. */
  async function balances(expected) {
    const [pa, pb, supply] = (
      await new BatchCall(wallet, [t.balance_of_public(alice), t.balance_of_public(bob), t.total_supply()]).simulate({
        from: alice,
      })
    ).map(({ result }) => result);
    const found = { alice: [pa, await ask(t.balance_of_private(alice), alice)] };
    found.bob = [pb, await ask(t.balance_of_private(bob), bob)];
    assert.deepEqual(found, { alice: expected.alice, bob: expected.bob });
    const total = [...found.alice, ...found.bob].reduce((sum, amount) => sum + amount);
    equal(supply, total, 'the supply is what everybody has');
    say('balances', { ...found, supply });
  }

  say('metadata', {
    name: await ask(t.public_get_name(), alice),
    symbol: await ask(t.private_get_symbol(), alice),
    decimals: await ask(t.public_get_decimals(), alice),
    admin: new Fr(await ask(t.get_admin(), alice)).equals(alice.toField()),
    minters: [await ask(t.is_minter(alice), alice), await ask(t.is_minter(bob), alice)],
  });
  const mints = new BatchCall(wallet, [t.mint_to_public(alice, 1000n), t.mint_to_private(alice, 2000n)]);
  await mine('mint public and private', mints, { from: alice });
  await balances({ alice: [1000n, 2000n], bob: [0n, 0n] });

  await mine('transfer in public', t.transfer_in_public(alice, bob, 100n, 0), { from: alice });
  await mine('transfer', t.transfer(bob, 300n), { from: alice });
  await mine('public to private', t.transfer_to_private(bob, 50n), { from: alice });
  await mine('private to public', t.transfer_to_public(alice, bob, 70n, 0), { from: alice });
  await balances({ alice: [850n, 1630n], bob: [170n, 350n] });

  // The wallet does not say what a sent call returned; what it proved does.
  const prove = wallet.pxe.proveTx.bind(wallet.pxe);
  let returned;
  wallet.pxe.proveTx = async (...request) => {
    const proven = await prove(...request);
    [returned] = proven.privateExecutionResult.entrypoint.nestedExecutionResults.map(call => call.returnValues);
    return proven;
  };
  await mine('prepare a partial note', t.prepare_private_balance_increase(bob), { from: alice });
  wallet.pxe.proveTx = prove;
  const [commitment] = returned;
  await mine('complete it', t.finalize_transfer_to_private(20n, { commitment }), { from: alice });
  await fails('complete what nobody prepared',
    () => t.finalize_transfer_to_private(1n, { commitment: new Fr(5) }).simulate({ from: alice }),
    /Invalid partial note or completer/);
  await mine('burn', new BatchCall(wallet, [t.burn_public(alice, 30n, 0), t.burn_private(alice, 30n, 0)]), { from: alice });
  await balances({ alice: [800n, 1600n], bob: [170n, 370n] });

  // Private authorization: a witness that the owner's wallet makes.
  const nonce = Fr.random();
  const byBob = t.transfer_in_private(alice, bob, 40n, nonce);
  const intent = { caller: bob, action: byBob };
  await fails('private, not authorized', () => byBob.simulate({ from: bob, additionalScopes: [alice] }),
    /Unknown auth witness for message hash/);
  const witness = await wallet.createAuthWit(alice, { caller: bob, call: await byBob.getFunctionCall() });
  say('before', await lookupValidity(wallet, alice, intent, witness));
  const authorized = { from: bob, authWitnesses: [witness], additionalScopes: [alice] };
  await mine('private, authorized', byBob, authorized);
  say('after', await lookupValidity(wallet, alice, intent, witness));
  await fails('private, once more', () => byBob.send(authorized), /Existing nullifier/);

  // Public authorization: an entry in the registry, used up by the call.
  const inPublic = t.transfer_in_public(alice, bob, 60n, Fr.random());
  const allow = yes => SetPublicAuthwitContractInteraction.create(wallet, alice, { caller: bob, action: inPublic }, yes);
  await fails('public, not authorized', () => inPublic.simulate({ from: bob }), /unauthorized/);
  await mine('authorize', await allow(true), { from: alice });
  await mine('withdraw', await allow(false), { from: alice });
  await mine('public, withdrawn', inPublic, { from: bob, result: 'app_logic_reverted' });
  await mine('authorize again', await allow(true), { from: alice });
  await mine('public, authorized', inPublic, { from: bob });
  await fails('public, once more', () => inPublic.simulate({ from: bob }), /unauthorized/);
  const registry = AuthRegistryContract.at(wallet).methods;
  await mine('authorize, but reject all', new BatchCall(wallet, [await allow(true), registry.set_reject_all(true)]), {
    from: alice,
  });
  await fails('public, all rejected', () => inPublic.simulate({ from: bob }), /rejecting all/);
  await balances({ alice: [740n, 1560n], bob: [230n, 410n] });

  // What can not be: shown by the simulation, and, sent all the same, by the receipt.
  const tooMuch = t.transfer_in_public(bob, alice, 231n, 0);
  await fails('too much in public', () => tooMuch.simulate({ from: bob }), /attempt to subtract with overflow/);
  await mine('too much in public, sent', tooMuch, { from: bob, result: 'app_logic_reverted' });
  await fails('too much in public, as the wallet tells', () => tooMuch.send({ from: bob }),
    /reverted: app_logic_reverted/);
  await fails('too much in private', () => t.transfer(alice, 411n).simulate({ from: bob }), /Balance too low/);
  await fails('mint without right', () => t.mint_to_public(bob, 1n).simulate({ from: bob }), /caller is not minter/);
  await fails('call from outside', () => t._increase_public_balance(bob, 1n).simulate({ from: bob }),
    /Function _increase_public_balance can only be called by the same contract/);
  // A private part before a public one that reverts: nothing of either stays.
  const mixed = new BatchCall(wallet, [t.transfer(alice, 10n), t.transfer_to_public(bob, alice, 5n, 0), tooMuch]);
  await mine('private parts of a reverted transaction', mixed, { from: bob, result: 'app_logic_reverted' });
  await balances({ alice: [740n, 1560n], bob: [230n, 410n] });

  await mine('new minter', t.set_minter(bob, true), { from: alice });
  await mine('mint by the new minter', t.mint_to_private(bob, 7n), { from: bob });
  await balances({ alice: [740n, 1560n], bob: [230n, 417n] });
});
