// A reference node that builds, on an Anvil that runs already. What the reference's command line offers for this is a
// local network on a new rollup only; on a rollup that exists its sequencer goes by the wall clock, which Anvil's time
// has left behind.
//
//   PORT              of the JSON-RPC server
//   ETHEREUM_HOSTS    Anvil
//   PREFUNDED         addresses that hold fee juice at genesis, with commas
//   REGISTRY          of the rollup to continue; without it a new one is deployed, and begins without blocks
//   PUBLISHER_KEY     of the account that publishes
//   VALIDATOR_KEYS    of those who attest, with commas; without it the publisher's
//
// It says `ready` when it serves. Epochs are settled through the contract's storage, as in a local network.
import { load } from './load.mjs';

const { createLocalNetwork } = await load('@aztec/aztec');
const { AnvilTestWatcher, EpochTestSettler, EthCheatCodes, getTokenAllowedSetupFunctions } =
  await load('@aztec/aztec/testing');
const { AztecNodeService } = await load('@aztec/aztec-node');
const { getConfigEnvVars } = await load('@aztec/aztec-node/config');
const { getPublicClient } = await load('@aztec/ethereum/client');
const { RegistryContract } = await load('@aztec/ethereum/contracts');
const { getL1ContractsConfig } = await load('@aztec/ethereum/queries');
const { SecretValue } = await load('@aztec/foundation/config');
const { EthAddress } = await load('@aztec/foundation/eth-address');
const { createNamespacedSafeJsonRpcServer, startHttpRpcServer } = await load('@aztec/foundation/json-rpc/server');
const { createLogger } = await load('@aztec/foundation/log');
const { TestDateProvider } = await load('@aztec/foundation/timer');
const { SequencerState } = await load('@aztec/sequencer-client');
const { AztecAddress } = await load('@aztec/stdlib/aztec-address');
const { AztecNodeApiSchema } = await load('@aztec/stdlib/interfaces/client');
const { getGenesisValues } = await load('@aztec/world-state/testing');

const CHAIN_ID = 31337;
const IDLE = [SequencerState.STOPPED, SequencerState.STOPPING, SequencerState.IDLE, SequencerState.SYNCHRONIZING];
const { PORT, ETHEREUM_HOSTS, PREFUNDED, REGISTRY, PUBLISHER_KEY, VALIDATOR_KEYS = PUBLISHER_KEY } = process.env;
const log = createLogger('reference');

/** A local network whose block 1 is the user's. */
function begin() {
  return createLocalNetwork(
    {
      l1RpcUrls: [ETHEREUM_HOSTS],
      testAccounts: false,
      prefundAddresses: PREFUNDED.split(','),
      realProofs: false,
      aztecEpochDuration: 2,
    },
    text => log.info(text),
  );
}

/** The same parts around a rollup that others have built on. */
async function goOn() {
  const l1 = getPublicClient({ l1RpcUrls: [ETHEREUM_HOSTS], l1ChainId: CHAIN_ID });
  const l1Contracts = await RegistryContract.collectAddresses(l1, EthAddress.fromString(REGISTRY), 'canonical');
  const { rollupAddress } = l1Contracts;
  const dateProvider = new TestDateProvider();
  const { timestamp } = await l1.getBlock();
  dateProvider.setTime(Number(timestamp) * 1000);
  const cheatCodes = new EthCheatCodes([ETHEREUM_HOSTS], dateProvider);
  const watcher = new AnvilTestWatcher(cheatCodes, rollupAddress, l1, dateProvider);
  watcher.setisLocalNetwork(true);
  watcher.setIsMarkingAsProven(false);
  await watcher.start();

  const { prefilledPublicData } = await getGenesisValues(PREFUNDED.split(',').map(text => AztecAddress.fromString(text)));
  const node = await AztecNodeService.createAndSync(
    {
      ...getConfigEnvVars(),
      ...(await getL1ContractsConfig(l1, l1Contracts)),
      l1Contracts,
      l1RpcUrls: [ETHEREUM_HOSTS],
      l1ChainId: CHAIN_ID,
      realProofs: false,
      txPublicSetupAllowListExtend: await getTokenAllowedSetupFunctions(),
      sequencerPublisherPrivateKeys: [new SecretValue(PUBLISHER_KEY)],
      validatorPrivateKeys: new SecretValue(VALIDATOR_KEYS.split(',')),
    },
    { dateProvider },
    { prefilledPublicData },
  );
  const sequencer = node.getSequencer().getSequencer();
  watcher.setGetPendingTxCount(() => node.getPendingTxCount());
  watcher.setIsSequencerBuilding(() => !IDLE.includes(sequencer.getState()));
  const settler = new EpochTestSettler(cheatCodes, rollupAddress, node.getBlockSource(), log, { pollingIntervalMs: 200 });
  await settler.start();
  const stop = async () => {
    await node.stop();
    await watcher.stop();
    await settler.stop();
  };
  return { node, stop };
}

const { node, stop } = await (REGISTRY ? goOn() : begin());
const server = createNamespacedSafeJsonRpcServer({ node: [node, AztecNodeApiSchema] }, { http200OnError: false, log });
await startHttpRpcServer(server, { port: Number(PORT), host: '127.0.0.1' });
console.log(`ready http://127.0.0.1:${PORT}`);

let isStopping = false;
process.on('SIGTERM', () => {
  if (!isStopping) {
    isStopping = true;
    void stop().finally(() => process.exit(0));
  }
});
