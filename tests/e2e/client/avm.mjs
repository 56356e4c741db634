// What the AVM can do, shown by the contracts that are made to test it: heavy functions, limits, kinds of failure.
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { AztecAddress, EthAddress } from '@aztec/aztec.js/addresses';
import { BatchCall } from '@aztec/aztec.js/contracts';
import { Fr } from '@aztec/aztec.js/fields';
import { Grumpkin } from '@aztec/foundation/crypto/grumpkin';
import { keccak256 } from '@aztec/foundation/crypto/keccak';
import { pedersenHash } from '@aztec/foundation/crypto/pedersen';
import { poseidon2Hash } from '@aztec/foundation/crypto/poseidon';
import { Fq } from '@aztec/foundation/curves/bn254';
import { AvmGadgetsTestContract } from '@aztec/noir-test-contracts.js/AvmGadgetsTest';
import { AvmTestContract } from '@aztec/noir-test-contracts.js/AvmTest';
import { Gas } from '@aztec/stdlib/gas';
import { ask, begin, deploy, equal, fails, mine, node, run, say } from './common.mjs';

const bytes = count => Array.from({ length: count }, (_, index) => (index * 7 + 3) % 256);
const fields = count => Array.from({ length: count }, (_, index) => new Fr(BigInt(index) ** 9n + 1n));
const hex = values => Buffer.from(values.map(Number)).toString('hex');

async function gadgets({ wallet, accounts: [alice] }) {
  const contract = await deploy('gadgets', AvmGadgetsTestContract.deploy(wallet), { from: alice });
  const { methods } = contract;
  for (const size of [10, 1400]) {
    const found = await ask(size === 10 ? methods.keccak_hash(bytes(10)) : methods.keccak_hash_1400(bytes(1400)), alice);
    equal(hex(found), keccak256(Buffer.from(bytes(size))).toString('hex'), `keccak of ${size}`);
  }
  for (const size of [10, 255, 256, 1536]) {
    const found = await ask(methods[`sha256_hash_${size}`](bytes(size)), alice);
    equal(hex(found), createHash('sha256').update(Buffer.from(bytes(size))).digest('hex'), `sha256 of ${size}`);
  }
  equal(await ask(methods.poseidon2_hash(fields(10)), alice), await poseidon2Hash(fields(10)), 'poseidon2 of 10');
  const many = fields(1000);
  equal(await ask(methods.poseidon2_hash_1000fields(many), alice), await poseidon2Hash(many), 'poseidon2 of 1000');
  equal(await ask(methods.pedersen_hash(fields(10)), alice), await pedersenHash(fields(10)), 'pedersen');
  equal(await ask(methods.pedersen_hash_with_index(fields(10)), alice), await pedersenHash(fields(10), 20), 'pedersen');
  say('hashes are right');
  const heavy = [
    methods.keccak_hash_1400(bytes(1400)), methods.poseidon2_hash_1000fields(many), methods.pedersen_hash(fields(10)),
  ];
  await mine('heavy hashes', new BatchCall(wallet, heavy), { from: alice });
  await mine('heaviest sha256', methods.sha256_hash_1536(bytes(1536)), { from: alice });
}

async function values(wallet, avm, alice) {
  const { methods } = avm;
  const result = async (name, ...args) => await ask(methods[name](...args), alice);
  const point = await Grumpkin.mul(Grumpkin.generator, new Fq(3n));
  const coordinates = ({ x, y }) => `${x.toBigInt?.() ?? x},${y.toBigInt?.() ?? y}`;
  equal(coordinates(await result('elliptic_curve_add_and_double')), coordinates(point), '3 G');
  const argument = ({ x, y }) => ({ x, y, is_infinite: false });
  equal(coordinates(await result('elliptic_curve_add', argument(Grumpkin.generator), argument(point))),
    coordinates(await Grumpkin.mul(Grumpkin.generator, new Fq(4n))), '4 G');
  equal(coordinates(await result('variable_base_msm', 5n, 0n, 2n, 1n)),
    coordinates(await Grumpkin.mul(Grumpkin.generator, new Fq(7n + (1n << 128n)))), '(7 + 2^128) G');
  equal(await result('add_u128', 1n << 127n, 5n), (1n << 127n) + 5n, 'u128');
  equal(await result('set_opcode_really_big_field'),
    0x1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdefn, 'field');
  equal(await result('to_le_bytes', 0x010203n), '3,2,1,0,0,0,0,0,0,0', 'bytes');
  equal(await result('to_le_bits', 0b101n), '1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0', 'bits');

  equal(await result('get_address'), avm.address, 'address');
  equal(await result('get_sender'), alice, 'sender');
  const { chainId, version } = await wallet.getChainInfo();
  equal(await result('get_chain_id'), chainId, 'chain');
  equal(await result('get_version'), version, 'version');
  equal(await result('get_block_number'), (await node.getBlockNumber()) + 1, 'block number');
  equal(await result('get_transaction_fee'), 0, 'the fee is not known before teardown');
  // An L1 block in between may change it.
  const price = async () => (await node.getCurrentMinFees()).feePerL2Gas;
  const prices = [await price(), await result('get_fee_per_l2_gas'), await price()];
  assert.ok(prices[1] === prices[0] || prices[1] === prices[2], `fee of L2 gas: ${prices}`);
  say('values', { l2GasLeft: await result('get_l2_gas_left'), daGasLeft: await result('get_da_gas_left') });
  await fails('an addition that overflows', () => result('u128_addition_overflow'), /attempt to add with overflow/);
}

async function effects(wallet, avm, alice) {
  const { methods } = avm;
  const instance = await node.getContract(avm.address);
  const bulk = nullifier => {
    const args = fields(10);
    args[0] = new Fr(nullifier);
    return methods.bulk_testing(args, bytes(10), avm.address, instance.deployer, instance.currentContractClassId,
      instance.initializationHash, false);
  };
  await mine('bulk', bulk(1001n), { from: alice });
  await mine('bulk, twice', new BatchCall(wallet, [bulk(1003n), bulk(1005n)]), { from: alice });
  await mine('bulk, with a used nullifier', bulk(1001n), { from: alice, result: 'app_logic_reverted' });
  await mine('debug log', methods.debug_logging(), { from: alice });

  await mine('store', new BatchCall(wallet, [methods.set_storage_single(77n), methods.set_storage_list(8n, 9n)]), {
    from: alice,
  });
  equal(await ask(methods.read_storage_single(), alice), 77, 'stored');
  equal(await ask(methods.read_storage_list(), alice), '8,9', 'stored');
  await mine('from private', methods.enqueue_public_from_private(), { from: alice });
  equal(await ask(methods.read_storage_single(), alice), 5, 'stored by a call from private');

  const { effect } = await mine('message to L1', methods.send_l2_to_l1_msg(EthAddress.fromNumber(0x2020), 99n), {
    from: alice,
  });
  equal(effect.l2ToL1Msgs.length, 1, 'messages');
  await mine('nullifier', methods.emit_nullifier_and_check(123456n), { from: alice });
  equal(await ask(methods.nullifier_exists(123456n), alice), true, 'it is there');
  await mine('nullifier, once more', methods.new_nullifier(123456n), { from: alice, result: 'app_logic_reverted' });

  // As much as one transaction takes, all at once; then one more of each.
  const most = [methods.n_storage_writes(62), methods.n_new_note_hashes(64), methods.n_new_l2_to_l1_msgs(8)];
  await mine('most effects', new BatchCall(wallet, [...most, methods.n_new_public_logs(60)]), { from: alice });
  const limits = { n_storage_writes: 63, n_new_note_hashes: 64, n_new_nullifiers: 63, n_new_l2_to_l1_msgs: 8 };
  for (const [name, count] of Object.entries(limits)) {
    await fails(`too many: ${name}`, () => methods[name](count + 1).simulate({ from: alice }), /./);
  }
  await mine('most nullifiers', methods.n_new_nullifiers(63), { from: alice });
  await mine('too many note hashes, sent', methods.n_new_note_hashes(65), { from: alice, result: 'app_logic_reverted' });
}

async function failures(wallet, avm, alice) {
  const { methods } = avm;
  const none = AztecAddress.fromBigInt(42n);
  // The first one keeps 200,000 of both kinds of gas for itself.
  const recoveries = ['external_call_to_divide_by_zero_recovers', 'nested_call_to_nothing_recovers', 'returndata_copy_oracle'];
  await mine('recoveries', new BatchCall(wallet, recoveries.map(name => methods[name]())), {
    from: alice, fee: { gasSettings: { gasLimits: new Gas(300_000, 6_540_000) } },
  });
  const cases = {
    assertion_failure: [[], /This assertion should fail!/],
    external_call_to_assertion_failure: [[], /This assertion should fail!/],
    nested_call_to_assert_same: [[1n, 2n], /Values are not equal/],
    divide_by_zero: [[0], /./],
    external_call_to_divide_by_zero: [[], /./],
    nested_call_to_nothing: [[], /./],
    nested_static_call_to_set_storage: [[], /./],
    nullifier_collision: [[5n], /./],
    create_same_nullifier_in_nested_call: [[avm.address, 6n], /./],
    nested_call_to_add_with_gas: [[1n, 2n, 10, 10], /./],
    revert_oracle: [[], /./],
    read_assert_storage_single: [[6n], /Storage value does not match input/],
    test_get_contract_instance_matches: [[none, none, { inner: 1n }, 1n], /Contract instance not found/],
  };
  for (const [name, [args, pattern]] of Object.entries(cases)) {
    await fails(name, () => methods[name](...args).simulate({ from: alice }), pattern);
  }
  await mine('assertion, sent', methods.external_call_to_assertion_failure(), { from: alice, result: 'app_logic_reverted' });
  await mine('exceptional halt, sent', methods.divide_by_zero(0), { from: alice, result: 'app_logic_reverted' });
  // Only as much gas as the private part and a little of the public one need: all of it is paid for.
  const gasSettings = { gasLimits: new Gas(10_000, 700_000), teardownGasLimits: new Gas(0, 0) };
  const poor = await mine('out of gas', methods.n_storage_writes(40), {
    from: alice, result: 'app_logic_reverted', fee: { gasSettings },
  });
  equal(poor.block.header.totalManaUsed, 700_000, 'all gas');
  await fails('more gas than there can be', () => methods.set_storage_single(1n).send({
    from: alice, fee: { gasSettings: { gasLimits: new Gas(10_000, 6_540_001) } },
  }), /Gas limit is higher than the amount of gas that the AVM can process/);
  const { estimatedGas } = await methods.n_storage_writes(40).simulate({ from: alice, fee: { estimateGas: true } });
  say('estimate', {
    gas: [estimatedGas.gasLimits, estimatedGas.teardownGasLimits].map(({ l2Gas, daGas }) => [l2Gas, daGas]),
  });
  const enough = await mine('enough gas', methods.n_storage_writes(40), { from: alice, fee: { gasSettings: estimatedGas } });
  assert.ok(enough.block.header.totalManaUsed.toBigInt() <= BigInt(estimatedGas.gasLimits.l2Gas));
}

await run(async () => {
  const session = await begin(1);
  const { wallet, accounts: [alice] } = session;
  await gadgets(session);
  const avm = await deploy('avm', AvmTestContract.deploy(wallet), { from: alice });
  await values(wallet, avm, alice);
  await effects(wallet, avm, alice);
  await failures(wallet, avm, alice);
});
