// Who pays, and how: a sponsor, a contract that takes tokens for it (in private and in public), and what of a
// transaction stays when one of its phases reverts.
import { strict as assert } from 'node:assert';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { BatchCall, getContractInstanceFromInstantiationParams } from '@aztec/aztec.js/contracts';
import { L1FeeJuicePortalManager } from '@aztec/aztec.js/ethereum';
import { PrivateFeePaymentMethod, PublicFeePaymentMethod, SponsoredFeePaymentMethod } from '@aztec/aztec.js/fee';
import { Fr } from '@aztec/aztec.js/fields';
import { createLogger } from '@aztec/aztec.js/log';
import { isL1ToL2MessageReady } from '@aztec/aztec.js/messaging';
import { FeeJuiceContract } from '@aztec/aztec.js/protocol';
import { getFeeJuiceBalance } from '@aztec/aztec.js/utils';
import { createExtendedL1Client } from '@aztec/ethereum/client';
import { FPCContract } from '@aztec/noir-contracts.js/FPC';
import { SponsoredFPCContract } from '@aztec/noir-contracts.js/SponsoredFPC';
import { TokenContract } from '@aztec/noir-contracts.js/Token';
import { GasFees, GasSettings } from '@aztec/stdlib/gas';
import { ask, begin, deploy, equal, fails, label, mine, node, run, say } from './common.mjs';

const MNEMONIC = 'test test test test test test test test test test test junk';
const LOTS = 10n ** 21n;

/** Bridge fee juice from L1 to a contract; the claim works as soon as the message has arrived. */
async function bridge(recipient) {
  const client = createExtendedL1Client([process.env.ETHEREUM_HOSTS], MNEMONIC, undefined, 100, 1);
  const portal = await L1FeeJuicePortalManager.new(node, client, createLogger('portal'));
  return await portal.bridgeTokensPublic(recipient, undefined, true);
}

await run(async () => {
  const { wallet, accounts: [alice] } = await begin(1);
  const { contract: token } = await mine('deploy token',
    TokenContract.deploy(wallet, alice, 'Coin', 'COI', 18), { from: alice });
  label('token', token.address);
  const fpc = await deploy('fpc', FPCContract.deploy(wallet, token.address, alice), { from: alice });
  const claim = await bridge(fpc.address);
  const t = token.methods;

  // A sponsor of the local network: the account has nothing.
  const sponsor = await getContractInstanceFromInstantiationParams(SponsoredFPCContract.artifact, { salt: new Fr(0) });
  await wallet.registerContract(sponsor, SponsoredFPCContract.artifact);
  const paymentMethod = new SponsoredFeePaymentMethod(label('sponsor', sponsor.address));
  const sponsored = { payer: sponsor.address, fee: { paymentMethod } };
  const manager = await wallet.createSchnorrAccount(Fr.random(), Fr.random());
  const carol = label('carol', manager.address);
  const deployment = await manager.getDeployMethod();
  await mine('account paid by the sponsor', deployment, { from: AztecAddress.ZERO, skipClassPublication: true, ...sponsored });
  await mine('mint', new BatchCall(wallet, [
    t.mint_to_private(carol, LOTS), t.mint_to_public(carol, LOTS), t.mint_to_private(alice, LOTS),
  ]), { from: alice });
  await mine('call paid by the sponsor', t.transfer_in_public(carol, alice, 5n, 0), { from: carol, ...sponsored });
  const juice = await getFeeJuiceBalance(carol, node);
  equal(juice, 0, 'fee juice of the new account');
  await mine('reverted call paid by the sponsor', t.transfer_in_public(carol, alice, LOTS, 0), {
    from: carol, result: 'app_logic_reverted', ...sponsored,
  });
  await fails('nobody pays', () => t.transfer_in_public(carol, alice, 5n, 0).send({ from: carol }),
    /Insufficient fee payer balance/);

  for (let n = 1; n < 6 && !(await isL1ToL2MessageReady(node, Fr.fromHexString(claim.messageHash))); n++) {
    await t.transfer_in_public(alice, alice, 0n, 0).send({ from: alice });
  }
  const { claimAmount, claimSecret, messageLeafIndex } = claim;
  await mine('claim', FeeJuiceContract.at(wallet).methods.claim(fpc.address, claimAmount, claimSecret, messageLeafIndex), {
    from: alice,
  });
  equal(await getFeeJuiceBalance(fpc.address, node), claimAmount, 'fee juice of the paying contract');

  const maxFeesPerGas = (await node.getCurrentMinFees()).mul(3);
  const gasSettings = GasSettings.default({ maxFeesPerGas });
  const holdings = async () => ({
    own: await ask(t.balance_of_private(carol), carol),
    open: await ask(t.balance_of_public(carol), carol),
    taken: await ask(t.balance_of_public(fpc.address), carol),
    given: await ask(t.balance_of_public(alice), carol),
  });

  /** Send something that is paid with tokens; tell what has to have changed, fee aside. */
  async function pay(step, kind, call, { result, low = false, change = {} }) {
    const Method = kind === 'own' ? PrivateFeePaymentMethod : PublicFeePaymentMethod;
    const paymentMethod = new Method(fpc.address, carol, wallet, gasSettings, low);
    const before = await holdings();
    const { fee } = await mine(step, call, { from: carol, payer: fpc.address, result, fee: { paymentMethod } });
    const after = await holdings();
    // What was taken at the beginning stays taken when the refund fails: here 1, not the fee.
    const price = low ? 1n : fee;
    const expected = { ...before, ...Object.fromEntries(Object.entries(change).map(([key, by]) => [key, before[key] + by])) };
    expected[kind] -= price;
    expected.taken += price;
    assert.deepEqual(after, expected, step);
  }
  const give = t.transfer_in_public(carol, alice, 10n, 0);
  const tooMuch = t.transfer_in_public(carol, alice, 10n * LOTS, 0);
  const given = { open: -10n, given: 10n };
  await pay('paid in public', 'open', give, { change: given });
  await pay('paid in public, app logic reverts', 'open', tooMuch, { result: 'app_logic_reverted' });
  await pay('paid in private', 'own', give, { change: given });
  await pay('paid in private, app logic reverts', 'own', tooMuch, { result: 'app_logic_reverted' });
  await pay('paid in private, teardown reverts', 'own', give, { result: 'teardown_reverted', low: true });
  await pay('paid in private, both revert', 'own', tooMuch, { result: 'both_reverted', low: true });
  await pay('private call paid in private', 'own', t.transfer(alice, 3n), { change: { own: -3n } });

  // The setup phase reverts: the transaction is dropped, as if it had never been there.
  const inPublic = from => ({ paymentMethod: new PublicFeePaymentMethod(fpc.address, from, wallet, gasSettings) });
  const held = await getFeeJuiceBalance(fpc.address, node);
  const wait = { interval: 0.05, ignoreDroppedReceiptsFor: 0 };
  const doomed = t.transfer_to_private(carol, 0n).send({ from: alice, fee: inPublic(alice), wait });
  // Why it was dropped is up to the node.
  const [, reason] = await doomed.then(() => [], ({ message }) => message.match(/was dropped\. Reason: (.*)/s) ?? []);
  assert.ok(reason);
  say('setup reverts', {}, { reason });
  equal(await getFeeJuiceBalance(fpc.address, node), held, 'no fee was taken');

  // What may run in the setup phase is listed.
  const stranger = await deploy('stranger', FPCContract.deploy(wallet, fpc.address, alice), { from: alice });
  const notListed = { paymentMethod: new PublicFeePaymentMethod(stranger.address, carol, wallet, gasSettings) };
  await fails('setup that is not allowed', () => give.send({ from: carol, fee: notListed }), /not on allow list/);

  const generous = { maxFeesPerGas: maxFeesPerGas.mul(2), maxPriorityFeesPerGas: new GasFees(0n, 7n) };
  await mine('priority fee', t.transfer_in_public(alice, carol, 1n, 0), {
    from: alice, priority: 7n, fee: { gasSettings: generous },
  });
  await fails('too low a fee', () => give.send({
    from: alice, fee: { gasSettings: { maxFeesPerGas: new GasFees(0n, 1n) } },
  }), /Insufficient fee per gas/);
  await mine('collect', fpc.methods.pull_funds(alice), { from: alice });
  await fails('collect by a stranger', () => fpc.methods.pull_funds(carol).simulate({ from: carol }),
    /Only admin can pull funds/);
  say('end');
});
