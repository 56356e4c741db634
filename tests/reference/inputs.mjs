// The inputs of the native simulator, made from cases of the form of the recorded vectors.
import {
  ContractClassLog, ContractClassLogFields, ContractDeploymentData, EthAddress, Fr, Gas, GasFees, GasSettings,
  GlobalVariables, L2ToL1Message, PrivateLog, PublicCallRequest, PublicCallRequestWithCalldata, ScopedL2ToL1Message,
  address, avm, computeEffectiveGasFees, field,
} from './packages.mjs';

const PRIVATE_LOG_FIELDS = 16;
const NOTHING = { noteHashes: [], nullifiers: [], l2ToL1Msgs: [], privateLogs: [], contractClassLogs: [] };
const NO_GAS = { l2: 0, da: 0 };
const NO_FEES = { feePerDaGas: '0', feePerL2Gas: '0' };
const ANY_FEES = { feePerDaGas: '1000000000', feePerL2Gas: '1000000000' };

/** What holds around a single call unless the request says otherwise, as in the recorded vectors. */
export const DEFAULTS = {
  globals: {
    chainId: '0x7a69', version: '0x539', blockNumber: 42, slotNumber: 0, timestamp: '99833',
    coinbase: EthAddress.ZERO.toString(), feeRecipient: Fr.ZERO.toString(),
    gasFees: { feePerDaGas: '2', feePerL2Gas: '3' } },
  firstNullifier: '0x668a0', gasUsedByPrivate: { l2: 540000, da: 96 }, feePayer: '0x2a',
};

export function globalVariables(given) {
  return GlobalVariables.from({
    chainId: field(given.chainId), version: field(given.version), blockNumber: given.blockNumber,
    slotNumber: given.slotNumber, timestamp: BigInt(given.timestamp), coinbase: EthAddress.fromString(given.coinbase),
    feeRecipient: address(given.feeRecipient), gasFees: fees(given.gasFees) });
}

/** Makes what the simulator has to know of a transaction. Throws when the fee rules forbid it. */
export function txHint(tx, globals) {
  const settings = new GasSettings(
    gas(tx.gasSettings.gasLimits), gas(tx.gasSettings.teardownGasLimits),
    fees(tx.gasSettings.maxFeesPerGas), fees(tx.gasSettings.maxPriorityFeesPerGas));
  return new avm.AvmTxHint(
    tx.hash, settings, computeEffectiveGasFees(globals.gasFees, settings),
    deployments(tx.nonRevertible), deployments(tx.revertible),
    accumulated(tx.nonRevertible), accumulated(tx.revertible),
    tx.setupCalls.map(enqueuedCall), tx.appLogicCalls.map(enqueuedCall),
    tx.teardownCall ? enqueuedCall(tx.teardownCall) : null, gas(tx.gasUsedByPrivate), address(tx.feePayer));
}

/** Makes the transaction around a single call: the call is all its app logic. */
export function transactionOfCall({ calldata, gas: given, env }, { gasUsedByPrivate, feePayer, firstNullifier }) {
  const limits = { l2: given.l2 + gasUsedByPrivate.l2, da: given.da + gasUsedByPrivate.da };
  return {
    hash: Fr.ZERO.toString(), gasUsedByPrivate, feePayer,
    gasSettings: {
      gasLimits: limits, teardownGasLimits: NO_GAS, maxFeesPerGas: ANY_FEES, maxPriorityFeesPerGas: NO_FEES },
    nonRevertible: { ...NOTHING, nullifiers: [firstNullifier] }, revertible: NOTHING,
    setupCalls: [], teardownCall: null,
    appLogicCalls: [{
      msgSender: env.sender, contractAddress: env.address, isStaticCall: env.isStaticCall,
      calldataHash: Fr.ZERO.toString(), calldata }],
  };
}

function gas({ da, l2 }) {
  return new Gas(da, l2);
}

function fees({ feePerDaGas, feePerL2Gas }) {
  return new GasFees(BigInt(feePerDaGas), BigInt(feePerL2Gas));
}

function enqueuedCall({ msgSender, contractAddress, isStaticCall, calldataHash, calldata }) {
  const request = new PublicCallRequest(
    address(msgSender), address(contractAddress), isStaticCall, field(calldataHash));
  return new PublicCallRequestWithCalldata(request, calldata.map(field));
}

function accumulated({ noteHashes, nullifiers, l2ToL1Msgs }) {
  return {
    noteHashes: noteHashes.map(field), nullifiers: nullifiers.map(field),
    l2ToL1Messages: l2ToL1Msgs.map(({ contractAddress, recipient, content }) => new ScopedL2ToL1Message(
      new L2ToL1Message(EthAddress.fromString(recipient), field(content)), address(contractAddress))),
  };
}

function deployments({ contractClassLogs, privateLogs }) {
  const classLogs = contractClassLogs.map(({ contractAddress, fields, emittedLength }) => new ContractClassLog(
    address(contractAddress), ContractClassLogFields.fromEmittedFields(fields.map(field)), emittedLength));
  const logs = privateLogs.map(({ fields, emittedLength }) => {
    const padding = Array(PRIVATE_LOG_FIELDS - fields.length).fill(Fr.ZERO);
    return new PrivateLog([...fields.map(field), ...padding], emittedLength);
  });
  return new ContractDeploymentData(classLogs, logs);
}
