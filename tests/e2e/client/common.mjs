// What the scripts with public calls share. A script prints one JSON object per step. `facts` are what every node
// has to say alike, and are compared with a recording; the other members differ from run to run.
import { strict as assert } from 'node:assert';
import { getInitialTestAccountsData } from '@aztec/accounts/testing';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { createAztecNodeClient, waitForNode } from '@aztec/aztec.js/node';
import { getFeeJuiceBalance } from '@aztec/aztec.js/utils';
import { WalletSchema } from '@aztec/aztec.js/wallet';
import { createSafeJsonRpcClient, makeFetch } from '@aztec/foundation/json-rpc/client';
import { retryUntil } from '@aztec/foundation/retry';
import { SimulationError } from '@aztec/stdlib/errors';
import { EmbeddedWallet } from '@aztec/wallets/embedded';

export const node = createAztecNodeClient(process.env.AZTEC_NODE_URL);

const NAMES = ['alice', 'bob', 'carol'];
const SLOT_S = 72n;
const SLOTS_OF_EPOCH = 2n;
const WAIT = { interval: 0.05, timeout: 120, dontThrowOnRevert: true };
const ADDRESS_OR_FIELD = /0x[0-9a-f]{40,64}\b/g;

const labels = new Map();
let last = performance.now();

const plain = (_key, value) =>
  typeof value === 'bigint' || typeof value?.toBigInt === 'function' ? value.toString() : value;

/** Print a step. */
export function say(step, facts = {}, more = {}) {
  const now = performance.now();
  console.log(JSON.stringify({ step, facts, ms: Math.round(now - last), ...more }, plain));
  last = now;
}

/** Compare, across number types and field elements. */
export function equal(found, wanted, what) {
  const text = value => String(typeof value?.toBigInt === 'function' ? value.toBigInt() : value);
  assert.equal(text(found), text(wanted), what);
}

/** Use a word for an address, or any other field element, in the texts that are printed. */
export function label(word, value) {
  labels.set(value.toString(), `<${word}>`);
  return value;
}

/** Make a text equal from run to run: words for known values, a common one for the rest, no folders in paths. */
export function stable(text) {
  return text
    .replace(ADDRESS_OR_FIELD, hex => labels.get(hex) ?? '<hex>')
    .replace(/[^\s(]*\/([\w-]+\/src\/[\w/]+\.nr:\d+:\d+)/g, '$1');
}

/** A wallet that another process serves, by WalletSchema; its accounts are deployed. */
async function servedWallet() {
  const wallet = createSafeJsonRpcClient(process.env.WALLET_URL, WalletSchema, {
    namespaceMethods: 'wallet',
    fetch: makeFetch([], true),
    extraHeaders: { authorization: `Bearer ${process.env.WALLET_TOKEN}` },
  });
  const known = new Map((await wallet.getAccounts()).map(({ alias, item }) => [alias, item]));
  return { wallet, accounts: NAMES.filter(name => known.has(name)).map(name => label(name, known.get(name))) };
}

/**
 * A wallet with empty stores, and so many of the accounts that hold fee juice; deployed, if nobody did so before.
 * With WALLET_URL, the wallet that is served there.
 */
export async function begin(count = 2) {
  await waitForNode(node);
  if (process.env.WALLET_URL) {
    const served = await servedWallet();
    say('begin', {}, { block: await node.getBlockNumber() });
    return { ...served, accounts: served.accounts.slice(0, count) };
  }
  const wallet = await EmbeddedWallet.create(node, { ephemeral: true });
  const accounts = [];
  for (const [index, { secret, salt, signingKey }] of (await getInitialTestAccountsData()).slice(0, count).entries()) {
    const manager = await wallet.createSchnorrAccount(secret, salt, signingKey);
    const { isContractInitialized } = await wallet.getContractMetadata(manager.address);
    if (!isContractInitialized) {
      const deployment = await manager.getDeployMethod();
      await deployment.send({ from: AztecAddress.ZERO, skipClassPublication: index > 0, wait: WAIT });
    }
    accounts.push(label(NAMES[index], manager.address));
  }
  say('begin', {}, { block: await node.getBlockNumber() });
  return { wallet, accounts };
}

/**
 * Send a transaction, wait for its block, and check what holds for each: receipt, block and effect agree, and the
 * payer's balance of fee juice is less by the fee, but for what it claimed. A block holds nothing else, so its mana is
 * the transaction's.
 */
export async function mine(step, interaction, options) {
  const { from, payer = from, result = 'success', priority = 0n, claimed = 0n, ...others } = options;
  const before = (await getFeeJuiceBalance(payer, node)) + claimed;
  const { receipt, contract } = await interaction.send({ from, ...others, wait: WAIT });
  assert.ok(receipt.isMined(), `receipt says ${receipt.status}`);
  equal(receipt.executionResult, result, `${step}: execution`);
  assert.equal(receipt.error, undefined);
  const fee = receipt.transactionFee;
  equal(await getFeeJuiceBalance(payer, node), before - fee, `${step}: the payer paid the fee`);

  const block = await node.getBlock(receipt.blockNumber);
  equal(await block.hash(), receipt.blockHash, 'block hash');
  const { globalVariables, totalFees, totalManaUsed } = block.header;
  assert.equal(block.body.txEffects.length, 1);
  equal(totalFees, fee, 'fees of the block');
  const [effect] = block.body.txEffects;
  equal(effect.txHash, receipt.txHash, 'hash in the block');
  equal(effect.transactionFee, fee, 'fee in the block');
  const { data } = await node.getTxEffect(receipt.txHash);
  assert.deepEqual(data.toBuffer(), effect.toBuffer());

  // The mana of a header is what is paid for: with a teardown call its whole gas limit, whatever it uses.
  const { feePerL2Gas, feePerDaGas } = globalVariables.gasFees;
  const mana = totalManaUsed.toBigInt();
  const rest = fee - mana * (feePerL2Gas + priority);
  assert.ok(feePerDaGas === 0n ? rest === 0n : rest >= 0n && rest % feePerDaGas === 0n, `${step}: fee of no gas ${rest}`);
  const count = name => effect[name].length;
  const facts = {
    result: receipt.executionResult,
    mana,
    ...(feePerDaGas === 0n ? {} : { daGas: rest / feePerDaGas }),
    revertCode: effect.revertCode.getCode(),
    noteHashes: count('noteHashes'),
    nullifiers: count('nullifiers'),
    messages: count('l2ToL1Msgs'),
    writes: count('publicDataWrites'),
    privateLogs: count('privateLogs'),
    publicLogs: effect.publicLogs.map(log => log.fields.length),
    classLogs: count('contractClassLogs'),
  };
  if (receipt.debugLogs?.length) {
    facts.debugLogs = receipt.debugLogs.map(log => stable(`${log.level} ${log.contractAddress} ${log.message}`));
  }
  say(step, facts, { block: receipt.blockNumber, fee });
  return { receipt, contract, effect, fee, block };
}

/** Deploy a contract: class if nobody has published it, instance, initializer. */
export async function deploy(word, method, options) {
  const { contract } = await mine(`deploy ${word}`, method, options);
  label(word, contract.address);
  return contract;
}

/** Run a call without sending it and give its result. */
export async function ask(interaction, from) {
  return (await interaction.simulate({ from })).result;
}

/** What an error says, made stable; with the call stack when it comes from a simulation. */
export function told(error) {
  const { message } = error;
  const lines = error instanceof SimulationError ? error.stack.split('\n').slice(message.split('\n').length) : [];
  return { error: stable(message), ...(lines.length ? { stack: lines.map(stable) } : {}) };
}

/** Something has to fail; print what it says, which has to match. */
export async function fails(step, action, pattern) {
  const error = await action().then(() => undefined, reason => reason);
  assert.ok(error instanceof Error, `${step}: nothing failed`);
  assert.match(error.message, pattern, `${step}: ${error.message}`);
  say(step, told(error));
}

/** Ask the L1 node something. */
export async function l1(method, ...params) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = { 'content-type': 'application/json' };
  const answer = await (await fetch(process.env.ETHEREUM_HOSTS, { method: 'POST', headers, body })).json();
  assert.equal(answer.error, undefined, `${method}: ${answer.error?.message}`);
  return answer.result;
}

/** Mine an L1 block at a time. */
export async function mineAt(time) {
  await l1('evm_setNextBlockTimestamp', Number(time));
  await l1('evm_mine');
}

/** Let L1 time pass until the epoch of the newest block is over, and wait until it is settled. */
export async function endEpoch() {
  const { number } = (await node.getL2Tips()).proposed;
  const { slotNumber, timestamp } = (await node.getBlockHeader(number)).globalVariables;
  const end = timestamp + SLOT_S * (SLOTS_OF_EPOCH - (BigInt(slotNumber) % SLOTS_OF_EPOCH));
  if (BigInt((await l1('eth_getBlockByNumber', 'latest', false)).timestamp) < end) {
    await mineAt(end);
  }
  // The reference looks at L1 only when there is a new block.
  const proven = async () => (await l1('evm_mine')) && (await node.getProvenBlockNumber()) >= number;
  await retryUntil(proven, 'the end of the epoch', 60, 1);
}

/** Run a script's steps and end the process, which the wallet's stores would keep alive. */
export async function run(steps) {
  await steps().catch(error => {
    console.error(error);
    process.exit(1);
  });
  process.exit(0);
}
