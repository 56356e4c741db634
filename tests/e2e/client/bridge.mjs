// Messages both ways: fee juice from L1 pays for the account that claims it; a token goes to L2 through its portal, in
// public and in private, and comes back, with each withdrawal consumed in the Outbox.
import { strict as assert } from 'node:assert';
import { AztecAddress, EthAddress } from '@aztec/aztec.js/addresses';
import { SetPublicAuthwitContractInteraction } from '@aztec/aztec.js/authorization';
import { BatchCall } from '@aztec/aztec.js/contracts';
import { L1FeeJuicePortalManager, L1TokenPortalManager } from '@aztec/aztec.js/ethereum';
import { FeeJuicePaymentMethodWithClaim } from '@aztec/aztec.js/fee';
import { Fr } from '@aztec/aztec.js/fields';
import { createLogger } from '@aztec/aztec.js/log';
import { isL1ToL2MessageReady, waitForL1ToL2MessageReady } from '@aztec/aztec.js/messaging';
import { FeeJuiceContract } from '@aztec/aztec.js/protocol';
import { createExtendedL1Client } from '@aztec/ethereum/client';
import { deployL1Contract } from '@aztec/ethereum/deploy-l1-contract';
import { retryUntil } from '@aztec/foundation/retry';
import { ErrorsAbi } from '@aztec/l1-artifacts/ErrorsAbi';
import { OutboxAbi } from '@aztec/l1-artifacts/OutboxAbi';
import { TestERC20Abi } from '@aztec/l1-artifacts/TestERC20Abi';
import { TestERC20Bytecode } from '@aztec/l1-artifacts/TestERC20Bytecode';
import { TokenPortalAbi } from '@aztec/l1-artifacts/TokenPortalAbi';
import { TokenPortalBytecode } from '@aztec/l1-artifacts/TokenPortalBytecode';
import { TokenContract } from '@aztec/noir-contracts.js/Token';
import { TokenBridgeContract } from '@aztec/noir-contracts.js/TokenBridge';
import { computeL2ToL1MembershipWitness } from '@aztec/stdlib/messaging';
import { decodeErrorResult, getContract } from 'viem';
import { ask, begin, deploy, endEpoch, equal, fails, label, mine, node, run, say } from './common.mjs';

const MNEMONIC = 'test test test test test test test test test test test junk';
const MESSAGES_OF_CHECKPOINT = 1024n;
const LIMIT = { timeoutSeconds: 120 };

// The second of Anvil's accounts: the first one is the sequencer's.
const l1Client = createExtendedL1Client([process.env.ETHEREUM_HOSTS], MNEMONIC, undefined, 100, 1);
const owner = EthAddress.fromString(l1Client.account.address);
label('owner', owner);

const checkpointNumber = async () => (await node.getL2Tips()).checkpointed.checkpoint.number;

/** The node has to know messages before their checkpoint is there; tell what it says of them, and wait as clients do. */
async function seen(step, claims, newest) {
  const hashes = claims.map(claim => Fr.fromHexString(claim.messageHash));
  const waits = Promise.all(hashes.map(hash => waitForL1ToL2MessageReady(node, hash, LIMIT)));
  const synced = async () => (await Promise.all(hashes.map(hash => node.isL1ToL2MessageSynced(hash)))).every(Boolean);
  await retryUntil(synced, 'the messages in the node', 30, 0.1);
  const facts = [];
  for (const [index, hash] of hashes.entries()) {
    const checkpoint = await node.getL1ToL2MessageCheckpoint(hash);
    const { messageLeafIndex } = claims[index];
    equal(checkpoint, messageLeafIndex / MESSAGES_OF_CHECKPOINT + 1n, 'checkpoint of the message');
    facts.push({
      lag: checkpoint - newest,
      place: messageLeafIndex % MESSAGES_OF_CHECKPOINT,
      ready: await isL1ToL2MessageReady(node, hash),
      hasWitness: (await node.getL1ToL2MessageMembershipWitness('latest', hash)) !== undefined,
    });
  }
  say(step, { messages: facts });
  return { hashes, waits };
}

/** The messages are usable from now on, and have a witness. */
async function arrived(step, { hashes, waits }, claims) {
  await waits;
  const facts = [];
  for (const [index, hash] of hashes.entries()) {
    const witness = await node.getL1ToL2MessageMembershipWitness('latest', hash);
    equal(witness[0], claims[index].messageLeafIndex, 'leaf');
    facts.push({ ready: await isL1ToL2MessageReady(node, hash), siblings: witness[1].pathSize });
  }
  say(step, { messages: facts });
}

async function feeJuice({ wallet, accounts: [alice] }) {
  const manager = await wallet.createSchnorrAccount(Fr.random(), Fr.random());
  const carol = label('carol', manager.address);
  const portal = await L1FeeJuicePortalManager.new(node, l1Client, createLogger('portal'));
  const newest = await checkpointNumber();
  const claim = await portal.bridgeTokensPublic(carol, undefined, true);
  const { claimAmount, claimSecret, messageHash, messageLeafIndex } = claim;
  label('message', messageHash);
  const message = await seen('fee juice deposited', [claim], newest);

  const fee = { paymentMethod: new FeeJuicePaymentMethodWithClaim(carol, claim) };
  const deployment = await manager.getDeployMethod();
  const deployed = { from: AztecAddress.ZERO, skipClassPublication: true };
  await fails('fee juice claimed too early', () => deployment.send({ ...deployed, fee }), /./);

  const { contract: token } = await mine('deploy token', TokenContract.deploy(wallet, alice, 'Coin', 'COI', 18), {
    from: alice,
  });
  label('token', token.address);
  assert.equal(await isL1ToL2MessageReady(node, message.hashes[0]), false);
  await mine('mint', token.methods.mint_to_public(alice, 1n), { from: alice });
  await arrived('fee juice arrived', message, [claim]);

  await mine('account paid with its claim', await manager.getDeployMethod(), {
    ...deployed, payer: carol, claimed: claimAmount, fee,
  });
  const juice = FeeJuiceContract.at(wallet);
  await fails('fee juice claimed twice',
    () => juice.methods.claim(carol, claimAmount, claimSecret, messageLeafIndex).simulate({ from: alice }), /./);
  await mine('something for the account', token.methods.mint_to_public(carol, 1n), { from: alice });
  await mine('the account pays', token.methods.transfer_in_public(carol, alice, 1n, 0), { from: carol });
  return token;
}

/** A token on L1 with its portal, and the bridge of the L2 token. */
async function portalAndBridge({ wallet, accounts: [alice] }, token) {
  const { l1ContractAddresses } = await node.getNodeInfo();
  const create = async (abi, code, args) => (await deployL1Contract(l1Client, abi, code, args)).address;
  const coinAddress = await create(TestERC20Abi, TestERC20Bytecode, ['Coin', 'COI', owner.toString()]);
  const portalAddress = await create(TokenPortalAbi, TokenPortalBytecode, []);
  const at = (address, abi) => getContract({ address: address.toString(), abi, client: l1Client });
  const write = async sent => {
    const { status } = await l1Client.waitForTransactionReceipt({ hash: await sent });
    assert.equal(status, 'success');
  };
  const [coin, portal] = [at(coinAddress, TestERC20Abi), at(portalAddress, TokenPortalAbi)];
  const outbox = at(l1ContractAddresses.outboxAddress, OutboxAbi);
  await write(coin.write.mint([owner.toString(), 1000n]));

  const bridge = await deploy('bridge', TokenBridgeContract.deploy(wallet, token.address, portalAddress), { from: alice });
  await mine('the bridge mints', token.methods.set_minter(bridge.address, true), { from: alice });
  await write(portal.write.initialize([
    l1ContractAddresses.registryAddress.toString(), coinAddress.toString(), bridge.address.toString(),
  ]));
  const manager = new L1TokenPortalManager(
    portalAddress, coinAddress, undefined, l1ContractAddresses.outboxAddress, l1Client, createLogger('portal'),
  );
  const holdings = async () => ({
    owner: await coin.read.balanceOf([owner.toString()]),
    portal: await coin.read.balanceOf([portalAddress.toString()]),
    open: await ask(token.methods.balance_of_public(alice), alice),
    own: await ask(token.methods.balance_of_private(alice), alice),
    supply: await ask(token.methods.total_supply(), alice),
  });
  return { bridge, holdings, manager, outbox, portal };
}

async function deposits({ accounts: [alice] }, token, { bridge, holdings, manager }) {
  const { methods } = bridge;
  const newest = await checkpointNumber();
  const open = await manager.bridgeTokensPublic(alice, 100n);
  const own = await manager.bridgeTokensPrivate(alice, 60n);
  label('open message', open.messageHash);
  label('own message', own.messageHash);
  const messages = await seen('deposited', [open, own], newest);
  say('balances after the deposits', await holdings());

  const take = ({ claimAmount, claimSecret, messageLeafIndex }) => [claimAmount, claimSecret, messageLeafIndex];
  const inPublic = methods.claim_public(alice, ...take(open));
  const inPrivate = methods.claim_private(alice, ...take(own));
  await fails('public claim too early', () => inPublic.simulate({ from: alice }), /./);
  await fails('private claim too early', () => inPrivate.simulate({ from: alice }), /./);
  await mine('a block', token.methods.mint_to_public(alice, 1n), { from: alice });
  await mine('another block', token.methods.mint_to_public(alice, 1n), { from: alice });
  await arrived('arrived', messages, [open, own]);

  const other = [open.claimAmount + 1n, open.claimSecret, open.messageLeafIndex];
  await fails('another amount', () => methods.claim_public(alice, ...other).simulate({ from: alice }), /./);
  const guess = [own.claimAmount, new Fr(7n), own.messageLeafIndex];
  await fails('another secret', () => methods.claim_private(alice, ...guess).simulate({ from: alice }), /./);
  await mine('public claim', inPublic, { from: alice });
  await mine('private claim', inPrivate, { from: alice });
  await fails('public claim, once more', () => inPublic.simulate({ from: alice }), /./);
  await fails('private claim, once more', () => inPrivate.simulate({ from: alice }), /./);
  await mine('public claim, once more, sent', inPublic, { from: alice, result: 'app_logic_reverted' });
  say('balances after the claims', await holdings());
}

async function withdrawals({ wallet, accounts: [alice] }, token, { bridge, holdings, manager, outbox, portal }) {
  const { methods } = bridge;
  const exit = async (step, amounts, interaction, options) => {
    const { effect, receipt } = await mine(step, interaction, { from: alice, ...options });
    const leaves = await Promise.all(amounts.map(amount => manager.getL2ToL1MessageLeaf(amount, owner, bridge.address)));
    assert.deepEqual(effect.l2ToL1Msgs.map(String), leaves.map(String), 'messages of the transaction');
    return leaves.map((leaf, index) => ({ leaf, amount: amounts[index], hash: receipt.txHash }));
  };
  const nonces = [Fr.random(), Fr.random(), Fr.random()];
  const inPublic = (amount, nonce) => methods.exit_to_l1_public(owner, amount, EthAddress.ZERO, nonce);
  await fails('exit without permission', () => inPublic(10n, nonces[0]).simulate({ from: alice }), /unauthorized/);
  const allow = (amount, nonce) => SetPublicAuthwitContractInteraction.create(wallet, alice,
    { caller: bridge.address, action: token.methods.burn_public(alice, amount, nonce) }, true);
  await mine('permission to burn', new BatchCall(wallet, [
    await allow(10n, nonces[0]), await allow(20n, nonces[1]), await allow(30n, nonces[2]),
  ]), { from: alice });

  const exits = await exit('public exit', [10n], inPublic(10n, nonces[0]));
  const both = new BatchCall(wallet, [inPublic(20n, nonces[1]), inPublic(30n, nonces[2])]);
  exits.push(...(await exit('two exits', [20n, 30n], both)));
  const nonce = Fr.random();
  const action = token.methods.burn_private(alice, 40n, nonce);
  const authWitnesses = [await wallet.createAuthWit(alice, { caller: bridge.address, action })];
  const inPrivate = methods.exit_to_l1_private(token.address, owner, 40n, EthAddress.ZERO, nonce);
  await fails('private exit without permission', () => inPrivate.send({ from: alice }), /./);
  exits.push(...(await exit('private exit', [40n], inPrivate, { authWitnesses })));
  say('balances after the exits', await holdings());

  await endEpoch();
  const withdraw = ({ amount, witness }) =>
    manager.withdrawFunds(amount, owner, witness.epochNumber, witness.leafIndex, witness.siblingPath);
  /** What the portal says, past the manager's own check. */
  const refusal = async ({ amount, witness: { epochNumber, leafIndex, siblingPath } }) => {
    const path = siblingPath.toBufferArray().map(node => `0x${node.toString('hex')}`);
    const args = [owner.toString(), amount, false, BigInt(epochNumber), leafIndex, path];
    const error = await portal.simulate.withdraw(args).then(() => assert.fail('it was let through'), reason => reason);
    return decodeErrorResult({ abi: ErrorsAbi, data: error.walk(({ raw }) => raw).raw }).errorName;
  };
  for (const [index, { leaf, hash, amount }] of exits.entries()) {
    const witness = await computeL2ToL1MembershipWitness(node, leaf, hash);
    const taken = { amount, witness };
    equal(BigInt(await outbox.read.getRootData([BigInt(witness.epochNumber)])), witness.root, 'root in the Outbox');
    const another = await refusal({ amount: amount + 1n, witness });
    await withdraw(taken);
    await assert.rejects(() => withdraw(taken), /has already been consumed/);
    say(`withdrawal ${index}`, {
      siblings: witness.siblingPath.pathSize,
      another,
      refused: await refusal(taken),
      ...(await holdings()),
    });
  }
}

await run(async () => {
  const session = await begin(1);
  const token = await feeJuice(session);
  const connection = await portalAndBridge(session, token);
  await deposits(session, token, connection);
  await withdrawals(session, token, connection);
});
