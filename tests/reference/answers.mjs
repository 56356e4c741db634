// What the native simulator answers, in the form of the recorded vectors' `expected`.
import { address, computeFeePayerBalanceLeafSlot, field } from './packages.mjs';

const PHASES = ['setup', 'appLogic', 'teardown'];

const hex = value => `0x${(Buffer.isBuffer(value) ? value : value.toBuffer()).toString('hex')}`;
const ethHex = value => `0x${hex(value).slice(-40)}`;
const gasOf = ({ l2Gas, daGas }) => ({ l2: Number(l2Gas), da: Number(daGas) });

export function gasUsedOf({ totalGas, publicGas, teardownGas, billedGas }) {
  return {
    total: gasOf(totalGas), public: gasOf(publicGas), teardown: gasOf(teardownGas), billed: gasOf(billedGas) };
}

/** Answers for a single call: without what belongs to the transaction around it. */
export async function answerOfCall(answer, { gas }, { feePayer, firstNullifier }) {
  const { calldata, ...call } = callOf(answer.callStackMetadata[0]);
  const gasUsed = gasOf(answer.gasUsed.publicGas);
  const effects = effectsOf(answer.publicTxEffect);
  const feeSlot = hex(await computeFeePayerBalanceLeafSlot(address(feePayer)));
  const first = hex(field(firstNullifier));
  effects.nullifiers = effects.nullifiers.filter(nullifier => nullifier !== first);
  effects.publicDataWrites = effects.publicDataWrites.filter(({ leafSlot }) => leafSlot !== feeSlot);
  return {
    halt: haltOf(call), output: call.output, gasUsed,
    gasLeft: { l2: gas.l2 - gasUsed.l2, da: gas.da - gasUsed.da }, exitStack: call.exitStack,
    ...('haltingMessage' in call ? { haltingMessage: call.haltingMessage } : {}), effects,
    ...('nested' in call ? { nested: call.nested } : {}), debugLogs: debugLogsOf(answer.logs),
  };
}

/** Answers for a transaction; calldata and outputs of calls are complete, which they are not in the vectors. */
export function answerOfTransaction(answer) {
  const calls = answer.callStackMetadata.map(call => ({
    phase: PHASES[call.phase], gasLimit: gasOf(call.gasLimit), ...callOf(call) }));
  const effect = answer.publicTxEffect;
  return {
    outcome: 'processed', revertCode: answer.revertCode, gasUsed: gasUsedOf(answer.gasUsed),
    transactionFee: BigInt(hex(effect.transactionFee)).toString(), effects: effectsOf(effect),
    returnValues: calls.filter(({ phase }) => phase === 'appLogic').map(({ output }) => output), calls,
    debugLogs: debugLogsOf(answer.logs),
  };
}

/** Tells how a call ended; only its message distinguishes an explicit revert from an error. */
function haltOf({ reverted, haltingMessage }) {
  if (!reverted) {
    return 'return';
  }
  return haltingMessage.startsWith('Assertion failed') ? 'revert' : 'exceptional';
}

function callOf(call) {
  return {
    address: hex(call.contractAddress), callerPc: call.callerPc, isStaticCall: call.isStaticCall,
    calldata: call.calldata.map(hex), reverted: call.reverted, output: call.output.map(hex),
    ...(call.haltingMessage == null ? {} : { haltingMessage: call.haltingMessage }),
    exitStack: call.internalCallStackAtExit,
    ...(call.nested.length ? { nested: call.nested.map(callOf) } : {}),
  };
}

function effectsOf(effect) {
  return {
    noteHashes: effect.noteHashes.map(hex), nullifiers: effect.nullifiers.map(hex),
    publicDataWrites: effect.publicDataWrites.map(
      ({ leafSlot, value }) => ({ leafSlot: hex(leafSlot), value: hex(value) })),
    l2ToL1Msgs: effect.l2ToL1Msgs.map(({ message, contractAddress }) => ({
      contractAddress: hex(contractAddress), recipient: ethHex(message.recipient), content: hex(message.content) })),
    publicLogs: effect.publicLogs.map(
      ({ contractAddress, fields }) => ({ contractAddress: hex(contractAddress), fields: fields.map(hex) })),
  };
}

function debugLogsOf(logs) {
  return (logs ?? []).map(({ contractAddress, level, message, fields }) => ({
    contractAddress: hex(contractAddress), level, message, fields: fields.map(hex) }));
}
