// Private activity after the initial accounts are deployed: further Schnorr accounts, paid for by account 0, and
// what the wallet is told when something can not work. Each JSON object on standard output says what was done.
// With RESUME=1 it goes on with the wallet of an earlier run, which knows the accounts.
import { strict as assert } from 'node:assert';
import { getInitialTestAccountsData } from '@aztec/accounts/testing';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { NO_WAIT } from '@aztec/aztec.js/contracts';
import { Fr } from '@aztec/aztec.js/fields';
import { createAztecNodeClient, waitForNode, waitForTx } from '@aztec/aztec.js/node';
import { TxStatus } from '@aztec/aztec.js/tx';
import { getFeeJuiceBalance } from '@aztec/aztec.js/utils';
import { EmbeddedWallet } from '@aztec/wallets/embedded';

const STEPS = [TxStatus.PROPOSED, TxStatus.CHECKPOINTED, TxStatus.PROVEN, TxStatus.FINALIZED];

const node = createAztecNodeClient(process.env.AZTEC_NODE_URL);
await waitForNode(node);
// While `held` is a list, what the wallet sends is kept there instead.
let held;
const wallet = await EmbeddedWallet.create(
  new Proxy(node, {
    get: (target, name) => (name === 'sendTx' && held ? async tx => void held.push(tx) : target[name]),
  }),
);

/** Ask the L1 node something. */
async function l1(method, ...params) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'content-type': 'application/json' };
  const answer = await (await fetch(process.env.ETHEREUM_HOSTS, { method: 'POST', headers, body })).json();
  assert.equal(answer.error, undefined, `${method}: ${answer.error?.message}`);
  return answer.result;
}

const say = fields =>
  console.log(JSON.stringify(fields, (_key, value) => (typeof value === 'bigint' ? value.toString() : value)));

/** Wait for a state of a transaction; it may only move forward until then. */
async function waitAndWatch(txHash, waitForStatus) {
  let last = -1;
  const watched = {
    async getTxReceipt(hash) {
      const receipt = await node.getTxReceipt(hash);
      const now = STEPS.indexOf(receipt.status);
      assert.ok(now >= last, `${receipt.status} after ${STEPS[last]}`);
      last = now;
      return receipt;
    },
  };
  return await waitForTx(watched, txHash, { waitForStatus, interval: 0.02, timeout: 60 });
}

/** Make a new account and give it with what deploys it. */
async function newcomer() {
  const manager = await wallet.createSchnorrAccount(Fr.random(), Fr.random());
  return { address: manager.address, deployment: await manager.getDeployMethod() };
}

const isDeployed = async address => (await wallet.getContractMetadata(address)).isContractInitialized;

async function deployInitial() {
  const addresses = [];
  for (const [index, { secret, salt, signingKey }] of (await getInitialTestAccountsData()).entries()) {
    const manager = await wallet.createSchnorrAccount(secret, salt, signingKey);
    const deployment = await manager.getDeployMethod();
    await deployment.send({
      from: AztecAddress.ZERO, skipClassPublication: index > 0, wait: { interval: 0.05 },
    });
    addresses.push(manager.address);
  }
  return addresses;
}

async function rememberedAccounts() {
  const known = (await wallet.getAccounts()).map(({ item }) => item.toString());
  const initial = (await getInitialTestAccountsData()).map(({ address }) => address);
  for (const address of initial) {
    assert.ok(known.includes(address.toString()), `the wallet remembers ${address}`);
    assert.equal(await isDeployed(address), true);
  }
  return { initial, known };
}

/** Deploy one account, paid by another, and watch its receipt until it is proven. */
async function deployPaid(payer) {
  const { address, deployment } = await newcomer();
  assert.equal(await isDeployed(address), false);
  const balance = await getFeeJuiceBalance(payer, node);
  const { txHash } = await deployment.send({ from: payer, wait: NO_WAIT });
  const mined = await waitAndWatch(txHash, TxStatus.CHECKPOINTED);
  assert.equal(balance - mined.transactionFee, await getFeeJuiceBalance(payer, node), 'the payer paid the fee');
  assert.equal(await getFeeJuiceBalance(address, node), 0n, 'the new account holds nothing');
  assert.equal(await isDeployed(address), true);
  const proven = await waitAndWatch(txHash, TxStatus.PROVEN);
  for (const name of ['blockNumber', 'transactionFee', 'executionResult']) {
    assert.equal(proven[name], mined[name]);
  }
  assert.ok((await node.getProvenBlockNumber()) >= proven.blockNumber);
  return { block: mined.blockNumber, fee: mined.transactionFee };
}

/** Two transactions that are sent in the same moment; they may share a block. */
async function deployTogether(payer) {
  const balance = await getFeeJuiceBalance(payer, node);
  const both = [await newcomer(), await newcomer()];
  held = [];
  const sent = [];
  for (const { deployment } of both) {
    sent.push(await deployment.send({ from: payer, wait: NO_WAIT }));
  }
  const txs = held;
  held = undefined;
  assert.equal(txs.length, 2);
  await Promise.all(txs.map(tx => node.sendTx(tx)));
  const receipts = await Promise.all(sent.map(({ txHash }) => waitAndWatch(txHash, TxStatus.CHECKPOINTED)));
  const blocks = receipts.map(({ blockNumber }) => blockNumber);
  assert.ok(Math.abs(blocks[0] - blocks[1]) <= 1, `blocks ${blocks}`);
  const fees = receipts.map(({ transactionFee }) => transactionFee);
  assert.equal(balance - fees[0] - fees[1], await getFeeJuiceBalance(payer, node));
  for (const [index, { txHash }] of sent.entries()) {
    const block = await node.getBlock(blocks[index]);
    const hashes = block.body.txEffects.map(effect => effect.txHash.toString());
    assert.ok(hashes.includes(txHash.toString()));
    assert.equal(await isDeployed(both[index].address), true);
  }
  return { blocks };
}

/** Somebody moves L1 time; the next block is later, and all goes on. */
async function moveTime(payer, seconds) {
  const before = await node.getBlockHeader('latest');
  await l1('evm_increaseTime', seconds);
  await l1('evm_mine');
  const { block } = await deployPaid(payer);
  const after = await node.getBlockHeader(block);
  const passed = Number(after.globalVariables.timestamp - before.globalVariables.timestamp);
  assert.ok(passed >= seconds - 72, `${passed} s passed on L2`);
  return { passed };
}

/** Anvil calls a block final when 64 have come after it. */
async function finalize() {
  const newest = await node.getBlock(await node.getBlockNumber());
  await waitAndWatch(newest.body.txEffects[0].txHash, TxStatus.PROVEN);
  const [{ txHash }] = (await node.getBlock(1)).body.txEffects;
  await l1('anvil_mine', '0x50');
  const receipt = await waitAndWatch(txHash, TxStatus.FINALIZED);
  const { proposed, finalized } = await node.getL2Tips();
  assert.ok(finalized.block.number >= 1);
  assert.equal(finalized.block.number, proposed.number);
  return { status: receipt.status, block: finalized.block.number };
}

/** What breaks a rule is refused with the reason that the reference gives; the wallet itself looks at neither. */
async function breakRules(payer) {
  const begin = await node.getBlockNumber();
  const poor = await newcomer();
  const refusal = await poor.deployment
    .send({ from: AztecAddress.ZERO, skipClassPublication: true, wait: NO_WAIT })
    .then(() => undefined, reason => reason);
  assert.ok(refusal instanceof Error, 'an account without fee juice can not pay for itself');
  assert.equal(await isDeployed(poor.address), false);

  const [{ txHash }] = (await node.getBlock(begin)).body.txEffects;
  const mined = await node.getTxByHash(txHash);
  const again = await node.sendTx(mined).then(() => undefined, reason => reason);
  assert.ok(again instanceof Error, 'what is in a block is not taken again');

  // The same account is fine as soon as somebody pays.
  const { receipt } = await poor.deployment.send({ from: payer, wait: { interval: 0.05 } });
  assert.equal(receipt.blockNumber, begin + 1);
  assert.equal(await isDeployed(poor.address), true);
  return { poor: refusal.message, again: again.message };
}

if (process.env.RESUME) {
  const { initial, known } = await rememberedAccounts();
  say({ step: 'resumed', accounts: known.length, block: await node.getBlockNumber() });
  say({ step: 'paid', ...(await deployPaid(initial[0])) });
} else {
  const [payer] = await deployInitial();
  say({ step: 'initial', block: await node.getBlockNumber() });
  say({ step: 'paid', ...(await deployPaid(payer)) });
  say({ step: 'together', ...(await deployTogether(payer)) });
  say({ step: 'time', ...(await moveTime(payer, 3600)) });
  say({ step: 'refused', ...(await breakRules(payer)) });
  say({ step: 'finalized', ...(await finalize()) });
  say({ step: 'end', accounts: (await wallet.getAccounts()).length, block: await node.getBlockNumber() });
}
// The wallet's stores keep the process alive.
process.exit(0);
