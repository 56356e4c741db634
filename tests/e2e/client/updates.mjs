// The life of classes and instances: publication of each by itself, use before and after, and the update of an
// instance to another class, which becomes effective a day later (L1 time is moved there).
import { strict as assert } from 'node:assert';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { BatchCall } from '@aztec/aztec.js/contracts';
import { publishContractClass, publishInstance } from '@aztec/aztec.js/deployment';
import { Fr } from '@aztec/aztec.js/fields';
import { StatefulTestContract } from '@aztec/noir-test-contracts.js/StatefulTest';
import { UpdatableContract } from '@aztec/noir-test-contracts.js/Updatable';
import { UpdatedContract } from '@aztec/noir-test-contracts.js/Updated';
import { getContractClassFromArtifact } from '@aztec/stdlib/contract';
import { ask, begin, deploy, endEpoch, equal, fails, label, mine, mineAt, node, run, say } from './common.mjs';

const DAY_S = 86_400n;

/** Let L1 time pass. What is not proven when its time is over would be undone: so the epoch is ended first. */
async function passTime(until) {
  await endEpoch();
  await mineAt(until);
}

async function publications({ wallet, accounts: [alice, bob] }) {
  const { artifact } = StatefulTestContract;
  const { id } = await getContractClassFromArtifact(artifact);
  const known = async () => (await wallet.getContractClassMetadata(id)).isContractClassPubliclyRegistered;
  assert.equal(await known(), false);
  const publication = await publishContractClass(wallet, artifact);
  await mine('publish class', publication, { from: alice });
  assert.equal(await known(), true);
  assert.equal((await node.getContractClass(id)).version, 1);
  await fails('publish class, once more', async () => (await publishContractClass(wallet, artifact)).send({ from: bob }),
    /Existing nullifier/);

  const options = { contractAddressSalt: new Fr(5), deployer: alice };
  const method = StatefulTestContract.deploy(wallet, alice, 42n);
  const contract = await method.register(options);
  label('stateful', contract.address);
  const { methods } = contract;
  const instance = await method.getInstance(options);

  // Without an instance that is published there is nothing to call in public; private calls work.
  await mine('initialize without publication', StatefulTestContract.deploy(wallet, alice, 42n), {
    from: alice, contractAddressSalt: new Fr(5), skipClassPublication: true, skipInstancePublication: true,
  });
  equal(await ask(methods.summed_values(alice), alice), 42, 'private state');
  assert.equal(await node.getContract(contract.address), undefined);
  const increment = methods.increment_public_value_no_init_check(bob, 84n);
  await fails('public call without publication', () => increment.simulate({ from: alice }), /is not deployed/);
  await mine('public call without publication, sent', increment, { from: alice, result: 'app_logic_reverted' });
  // Publication and use in the same transaction, in this order.
  await mine('publish and call', new BatchCall(wallet, [await publishInstance(wallet, instance), increment]), { from: alice });
  equal(await ask(methods.get_public_value(bob), alice), 84, 'public state');
  const stored = await node.getContract(contract.address);
  for (const name of ['salt', 'deployer', 'currentContractClassId', 'originalContractClassId', 'initializationHash']) {
    equal(stored[name], instance[name], name);
  }
  await fails('publish instance, once more', async () => (await publishInstance(wallet, instance)).send({ from: alice }),
    /Existing nullifier/);
  await fails('initialize, once more', () => methods.constructor(alice, 42n).send({ from: alice }), /Existing nullifier/);

  const universal = StatefulTestContract.deployWithOpts({ wallet, method: 'public_constructor' }, bob, 9n);
  const other = await mine('universal deployment with a public initializer', universal, { from: alice, universalDeploy: true });
  equal(await ask(other.contract.methods.get_public_value(bob), alice), 9, 'public state');
  const addressed = await node.getContract(other.contract.address);
  equal(addressed.deployer, AztecAddress.ZERO, 'deployer');
  label('universal', other.contract.address);
  await fails('public initializer, once more', () => other.contract.methods.public_constructor(bob, 1n).simulate({ from: alice }),
    /./);
  const bare = StatefulTestContract.deploy(wallet, alice, 1n);
  const raw = await mine('deploy without initializer', bare, { from: alice, skipInitialization: true });
  label('raw', raw.contract.address);
  await fails('not initialized', () => raw.contract.methods.increment_public_value(bob, 1n).simulate({ from: alice }),
    /Not initialized/i);
  return increment;
}

async function update({ wallet, accounts: [alice] }, something) {
  const contract = await deploy('updatable', UpdatableContract.deploy(wallet, 1n), { from: alice });
  const { address, methods } = contract;
  const before = await node.getContract(address);
  await mine('publish the new class', await publishContractClass(wallet, UpdatedContract.artifact), { from: alice });
  const { id } = await getContractClassFromArtifact(UpdatedContract.artifact);
  label('new class', id);
  label('old class', before.currentContractClassId);

  const values = async () => [await ask(methods.get_private_value(alice), alice), await ask(methods.get_public_value(), alice)];
  assert.deepEqual(await values(), [1n, 1n]);
  await fails('update to nothing', () => methods.update_to({ inner: new Fr(77) }).simulate({ from: alice }),
    /New contract class is not registered/);
  await fails('short delay', () => methods.set_update_delay(599).simulate({ from: alice }), /New update delay is too low/);
  equal(await ask(methods.get_update_delay(), alice), DAY_S, 'delay');

  const { block } = await mine('update', methods.update_to({ inner: id }), { from: alice });
  const due = block.header.globalVariables.timestamp + DAY_S;
  // Nothing has changed so far, and the old code goes on to work.
  equal((await node.getContract(address)).currentContractClassId, before.currentContractClassId, 'class');
  await mine('old code', methods.set_public_value(5n), { from: alice });
  assert.deepEqual(await values(), [1n, 5n]);
  await fails('new code, too early', () => wallet.registerContract(before, UpdatedContract.artifact),
    /Could not update contract/);

  // Two steps: a transaction is good for a day after the block that it knows.
  await passTime(due - DAY_S / 2n);
  await mine('half a day later', something, { from: alice });
  equal((await node.getContract(address)).currentContractClassId, before.currentContractClassId, 'class');
  await passTime(due);
  const later = await mine('a day later', something, { from: alice });
  assert.ok(later.block.header.globalVariables.timestamp >= due);
  const now = await node.getContract(address);
  equal(now.currentContractClassId, id, 'class');
  equal(now.originalContractClassId, before.originalContractClassId, 'first class');
  const { isContractUpdated, updatedContractClassId } = await wallet.getContractMetadata(address);
  assert.equal(isContractUpdated, true);
  equal(updatedContractClassId, id, 'class');

  await wallet.registerContract(now, UpdatedContract.artifact);
  const renewed = UpdatedContract.at(address, wallet);
  await mine('new code', new BatchCall(wallet, [renewed.methods.set_private_value(), renewed.methods.set_public_value()]), {
    from: alice,
  });
  const found = [
    await ask(renewed.methods.get_private_value(alice), alice), await ask(renewed.methods.get_public_value(), alice),
  ];
  assert.deepEqual(found, [27n, 27n]);
  say('updated', { found });
}

await run(async () => {
  const session = await begin(2);
  await update(session, await publications(session));
});
