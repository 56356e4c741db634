// Deploys the three accounts that hold fee juice from genesis and checks what the wallet and the node say about
// each of them. One JSON object per account on standard output; any exception ends the script with status 1.
import { strict as assert } from 'node:assert';
import { getInitialTestAccountsData } from '@aztec/accounts/testing';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { createAztecNodeClient, waitForNode } from '@aztec/aztec.js/node';
import { getFeeJuiceBalance } from '@aztec/aztec.js/utils';
import { EmbeddedWallet } from '@aztec/wallets/embedded';

const node = createAztecNodeClient(process.env.AZTEC_NODE_URL);
await waitForNode(node);
const wallet = await EmbeddedWallet.create(node);
const begin = await node.getBlockNumber();
let lastBlock = begin;

const accounts = await getInitialTestAccountsData();
assert.equal(accounts.length, 3);
for (const [index, { secret, salt, signingKey, address }] of accounts.entries()) {
  const manager = await wallet.createSchnorrAccount(secret, salt, signingKey);
  assert.equal(manager.address.toString(), address.toString());

  const before = await wallet.getContractMetadata(address);
  assert.equal(before.isContractInitialized, false, `account ${index} is fresh`);
  const balance = await getFeeJuiceBalance(address, node);
  assert.ok(balance > 0n, `account ${index} holds fee juice`);

  const classId = manager.getInstance().currentContractClassId;
  const { isContractClassPubliclyRegistered: published } = await wallet.getContractClassMetadata(classId);
  assert.equal(published, index > 0, 'the first deployment publishes the class, the others find it');

  const started = performance.now();
  const deployment = await manager.getDeployMethod();
  const { receipt } = await deployment.send({ from: AztecAddress.ZERO, skipClassPublication: published });
  const elapsed = performance.now() - started;

  assert.ok(receipt.isMined(), `receipt says ${receipt.status}`);
  assert.ok(receipt.hasExecutionSucceeded(), `receipt says ${receipt.executionResult}`);
  assert.equal(receipt.error, undefined);
  assert.ok(receipt.blockNumber > lastBlock, 'every transaction is awaited, so each has a later block');
  lastBlock = receipt.blockNumber;
  assert.ok(receipt.transactionFee > 0n);
  assert.equal(await getFeeJuiceBalance(address, node), balance - receipt.transactionFee, 'the sender paid the fee');

  const block = await node.getBlock(receipt.blockNumber);
  assert.equal((await block.hash()).toString(), receipt.blockHash.toString());
  const effect = block.body.txEffects.find(({ txHash }) => txHash.equals(receipt.txHash));
  assert.equal(effect.transactionFee.toBigInt(), receipt.transactionFee);
  const indexed = await node.getTxEffect(receipt.txHash);
  assert.deepEqual(indexed.data.toBuffer(), effect.toBuffer());
  assert.equal(indexed.l2BlockNumber, receipt.blockNumber);

  const after = await wallet.getContractMetadata(address);
  assert.equal(after.isContractInitialized, true);
  console.log(
    JSON.stringify({
      account: address.toString(),
      block: receipt.blockNumber,
      tx: receipt.txHash.toString(),
      fee: receipt.transactionFee.toString(),
      milliseconds: Math.round(elapsed),
    }),
  );
}

assert.equal(await node.getBlockNumber(), lastBlock);
// The wallet's stores keep the process alive.
process.exit(0);
