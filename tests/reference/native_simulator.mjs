// Runs public transactions in the reference's native simulator, as an oracle and a yardstick for our own.
//
// It reads one JSON value per line from stdin and writes one answer per line to stdout, in the same order:
//
//   {"id", "kind": "contracts", "classes", "bytecodes", "instances"}   stores contracts for later transactions
//   {"id", "kind": "call", "case", "defaults"?, "measure"?}            one call of a hand-made program
//   {"id", "kind": "transaction", "case", "measure"?}                  a whole public transaction
//
// "case" has the form of the recorded vectors (their README in tests/vectors/avm describes it), with all bytecodes
// in it. The answer is {"id", "result"}: the members of the vectors' `expected` that the native simulator tells, and
// `seconds`, the time inside the native call. Or it is {"id", "error"}, when the request makes no sense.
//
// "measure": n runs the case n times on the same state, in the configuration of a block builder (no metadata of
// calls), and answers with revertCode, gasUsed and a list of `seconds`.
//
// Every case starts from the genesis trees. Two run at a time; measured ones run alone if nothing else is sent.
import { createInterface } from 'node:readline';

import { answerOfCall, answerOfTransaction, gasUsedOf } from './answers.mjs';
import { Contracts, provider } from './contracts.mjs';
import { DEFAULTS, globalVariables, transactionOfCall, txHint } from './inputs.mjs';
import {
  AztecAddress, ProtocolContracts, ProtocolContractsList, PublicContractsDB, WorldStateRevision, avm, avmSimulate,
} from './packages.mjs';
import { World } from './state.mjs';

const LANES = 2; // as many simulations as the native module runs at a time
const MOST_WAITING = 64;
// Nothing that a program returns is cut. What a debug log may read stays at the node's limit.
const EVERYTHING = {
  maxCalldataSizeInFields: 0x7fffffff, maxReturndataSizeInFields: 0x7fffffff,
  maxCallStackDepth: 200, maxCallStackItems: 100000,
};

const stored = new Contracts();

/** The protocol contracts that a case has. A node has them all; the native simulator wants to know beforehand. */
function protocolContracts(contracts) {
  return new ProtocolContracts(ProtocolContractsList.derivedAddresses.map(
    (derived, index) => (contracts.has(AztecAddress.fromNumber(index + 1)) ? derived : AztecAddress.ZERO)));
}

async function simulate({ trees }, { hint, globals, contracts, settings }, collectCallMetadata) {
  const { forkId, handle } = trees.getRevision();
  const config = avm.PublicSimulatorConfig.from({
    ...settings, collectCallMetadata, collectionLimits: avm.CollectionLimitsConfig.from(EVERYTHING) });
  const revision = new WorldStateRevision(forkId, 0, true);
  const inputs = new avm.AvmFastSimulationInputs(revision, config, hint, globals, protocolContracts(contracts));
  const encoded = inputs.serializeWithMessagePack();
  const callbacks = provider(new PublicContractsDB(contracts), globals.timestamp);
  const start = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - start) / 1e9;
  try {
    const answer = await avmSimulate(encoded, callbacks, handle, 'error');
    return { seconds: seconds(), answer: avm.deserializeFromMessagePack(answer) };
  } catch (error) { // worded as the reference's node words it
    return { seconds: seconds(), error: `C++ simulation failed: ${error.message}` };
  }
}

async function measure(lane, simulation, times) {
  const seconds = [];
  let last;
  for (let run = 0; run < times; run++) {
    last = await lane.isolated(() => simulate(lane, simulation, false));
    seconds.push(last.seconds);
  }
  const { answer, error } = last;
  return error === undefined
    ? { revertCode: answer.revertCode, gasUsed: gasUsedOf(answer.gasUsed), seconds }
    : { error, seconds };
}

async function runCall(lane, { case: given, defaults: changed, measure: times }) {
  const defaults = { ...DEFAULTS, ...changed };
  const globals = globalVariables({ ...defaults.globals, ...given.env.globals });
  const simulation = {
    globals, hint: txHint(transactionOfCall(given, defaults), globals),
    contracts: Contracts.ofCall(given.state.contracts),
    settings: { skipFeeEnforcement: true, collectDebugLogs: given.config.collectDebugLogs },
  };
  return await lane.isolated(async () => {
    await lane.prepareCall(given.state);
    if (times) {
      return await measure(lane, simulation, times);
    }
    const { seconds, answer, error } = await simulate(lane, simulation, true);
    return error === undefined
      ? { ...await answerOfCall(answer, given, defaults), seconds }
      : { halt: 'fatal', error, seconds };
  });
}

async function runTransaction(lane, { case: given, measure: times }) {
  const globals = globalVariables(given.globals);
  let hint;
  try {
    hint = txHint(given.tx, globals);
  } catch (error) {
    return { outcome: 'thrown', error: error.message, seconds: 0 };
  }
  const simulation = { globals, hint, contracts: stored.only(given.contracts), settings: given.config };
  return await lane.isolated(async () => {
    await lane.prepareTransaction(given.prestate);
    if (times) {
      return await measure(lane, simulation, times);
    }
    const { seconds, answer, error } = await simulate(lane, simulation, true);
    return error === undefined
      ? { ...answerOfTransaction(answer), endTrees: await lane.snapshot(), seconds }
      : { outcome: 'thrown', error, seconds };
  });
}

const KINDS = { call: runCall, transaction: runTransaction };

async function answer(lane, { id, kind, ...request }) {
  try {
    return { id, result: await KINDS[kind](lane, request) };
  } catch (error) {
    return { id, error: error.stack ?? String(error) };
  }
}

const world = await World.open();
const free = await Promise.all(Array.from({ length: LANES }, () => world.lane()));
const wanting = []; // requests that wait for a lane
const waiting = []; // answers, or promises of them, in the order of the requests

async function inLane(request) {
  const lane = free.pop() ?? await new Promise(resolve => wanting.push(resolve));
  try {
    return await answer(lane, request);
  } finally {
    const next = wanting.shift();
    next ? next(lane) : free.push(lane);
  }
}

async function writeOldest() {
  process.stdout.write(`${JSON.stringify(await waiting[0])}\n`);
  waiting.shift();
}

let writing;
async function writeAll() {
  while (waiting.length) {
    await writeOldest();
  }
  writing = undefined;
}

// Nobody reads any more. An orderly exit would wait for simulations that are under way, sometimes for ever.
process.stdout.on('error', () => process.kill(process.pid, 'SIGKILL'));

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const request = JSON.parse(line);
  waiting.push(request.kind === 'contracts' ? { id: request.id, result: stored.store(request) } : inLane(request));
  writing ??= writeAll();
  if (waiting.length >= MOST_WAITING) {
    await writing;
  }
}
await writing;
await world.close();
