// Calls of contracts among each other: nested and enqueued ones, in private and in public, static ones, refusals.
import { strict as assert } from 'node:assert';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { Fr } from '@aztec/aztec.js/fields';
import { ChildContract } from '@aztec/noir-test-contracts.js/Child';
import { ParentContract } from '@aztec/noir-test-contracts.js/Parent';
import { StaticChildContract } from '@aztec/noir-test-contracts.js/StaticChild';
import { StaticParentContract } from '@aztec/noir-test-contracts.js/StaticParent';
import { ask, begin, deploy, equal, fails, label, mine, node, run, say } from './common.mjs';

const selector = (contract, name) => contract.methods[name].selector();

/** What a contract has in the one public variable that it has. */
const stored = ({ address, artifact }) =>
  node.getPublicStorageAt('latest', address, artifact.storageLayout.current_value.slot);

const logged = effect => effect.publicLogs.map(log => Number(log.fields[0].toBigInt()));

async function nested({ wallet, accounts: [alice] }) {
  const parent = await deploy('parent', ParentContract.deploy(wallet), { from: alice });
  const child = await deploy('child', ChildContract.deploy(wallet), { from: alice });
  const { methods } = parent;
  const value = await selector(child, 'value');
  const get = await selector(child, 'pub_get_value');
  const set = await selector(child, 'pub_set_value');
  const add = await selector(child, 'pub_inc_value');
  const { chainId, version } = await wallet.getChainInfo();

  equal(await ask(methods.entry_point(child.address, value), alice), chainId.add(version), 'value of the child');
  await mine('private calls private', methods.entry_point(child.address, value), { from: alice });
  const keep = await selector(child, 'private_set_value');
  await mine('private makes a note', methods.private_call(child.address, keep, [7, alice]), { from: alice });
  const look = methods.private_call(child.address, await selector(child, 'private_get_value'), [7, alice]);
  equal(await ask(look, alice), 7, 'the note');

  // The child adds up chain, version, block and time: what the block to come will have.
  const header = (await node.getBlockHeader('latest')).globalVariables;
  const sum = await ask(methods.pub_entry_point(child.address, get, 1000n), alice);
  const time = sum - 1000n - chainId.toBigInt() - version.toBigInt() - BigInt(header.blockNumber) - 1n;
  assert.ok(time >= header.timestamp && time < header.timestamp + 1000n, `${time}, ${header.timestamp}`);

  async function check(step, interaction, wanted, logs) {
    const { effect } = await mine(step, interaction, { from: alice });
    equal(await stored(child), wanted, step);
    assert.deepEqual(logged(effect), logs);
  }
  const to = [child.address, add];
  await check('public calls public', methods.pub_entry_point(...to, 42n), 42, [42]);
  await check('public calls twice', methods.pub_entry_point_twice(...to, 1n), 44, [1, 1]);
  await check('private enqueues twice', methods.enqueue_call_to_child_twice(...to, 5n), 55, [5, 6]);
  await check('private enqueues what calls', methods.enqueue_calls_to_pub_entry_point(...to, 10n), 76, [10, 11]);
  // The order is that of the calls, not of their depth.
  await check('nested first', methods.enqueue_calls_to_child_with_nested_first(child.address, set), 20, [10, 20]);
  await check('nested last', methods.enqueue_calls_to_child_with_nested_last(child.address, set), 10, [20, 10]);
  await check('two nested calls', child.methods.set_value_with_two_nested_calls(), 20, [10, 20, 20, 10, 20]);
  await mine('much calldata', methods.enqueue_call_to_child_with_many_args_and_recurse(3), { from: alice });

  const unknown = label('selector', new Fr(0x12345678n));
  await fails('unknown function', () => methods.pub_entry_point(child.address, unknown, 1n).simulate({ from: alice }),
    /Unknown selector/);
  const nobody = label('nobody', AztecAddress.fromBigInt(0x1234n));
  await fails('unknown contract', () => methods.pub_entry_point(nobody, add, 1n).simulate({ from: alice }), /./);
  await mine('unknown contract, sent', methods.enqueue_call_to_child(nobody, add, 1n), {
    from: alice, result: 'app_logic_reverted',
  });
  equal(await stored(child), 20, 'nothing has changed');
}

async function fixed({ wallet, accounts: [alice] }) {
  const parent = await deploy('static parent', StaticParentContract.deploy(wallet), { from: alice });
  const child = await deploy('static child', StaticChildContract.deploy(wallet), { from: alice });
  const { methods } = parent;
  const of = (name, ...args) => async method => methods[method](child.address, await selector(child, name), ...args);
  const refused = async (step, call, pattern) =>
    await fails(step, async () => (await call).simulate({ from: alice }), pattern);

  await mine('a note', child.methods.private_set_value(64, alice, alice), { from: alice });
  const read = of('private_get_value', [64, alice]);
  equal(await ask(await read('private_static_call'), alice), 64, 'static read');
  await mine('private static call', await read('private_nested_static_call'), { from: alice });
  const wrong = of('private_illegal_set_value', [65, alice]);
  await refused('private static call that writes', wrong('private_static_call'), /Static call cannot/i);
  await refused('private static call that writes, deeper', wrong('private_nested_static_call'), /Static call cannot/i);

  await mine('set', child.methods.pub_set_value(8n), { from: alice });
  await mine('public static call', await of('pub_get_value', [1n])('public_nested_static_call'), { from: alice });
  await mine('enqueued static call', await of('pub_get_value', [1n])('enqueue_static_nested_call_to_pub_function'), {
    from: alice,
  });
  const change = of('pub_inc_value', [1n]);
  await refused('public static call that writes', change('public_static_call'), /static/i);
  await refused('public static call that writes, deeper', change('public_nested_static_call'), /static/i);
  await refused('view that writes', (async () => child.methods.pub_illegal_inc_value(1n))(), /./);
  await refused('enqueued static call that writes', change('enqueue_static_call_to_pub_function'), /static/i);
  await mine('enqueued static call that writes, sent', await change('enqueue_static_nested_call_to_pub_function'), {
    from: alice, result: 'app_logic_reverted',
  });
  equal(await stored(child), 8, 'nothing has changed');
  say('end', { value: await stored(child) });
}

await run(async () => {
  const session = await begin(1);
  await nested(session);
  await fixed(session);
});
