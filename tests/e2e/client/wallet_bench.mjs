// The unmodified wallet as one side of a measurement: it does what the lines on its standard input say, one JSON
// object each, and answers with a line. Its stores stay in the working folder. Times are in seconds.
import { createInterface } from 'node:readline';
import { getInitialTestAccountsData } from '@aztec/accounts/testing';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { BatchCall, NO_WAIT } from '@aztec/aztec.js/contracts';
import { createAztecNodeClient, waitForTx } from '@aztec/aztec.js/node';
import { TokenContract, TokenContractArtifact } from '@aztec/noir-contracts.js/Token';
import { EmbeddedWallet } from '@aztec/wallets/embedded';

const WAIT = { interval: 0.05, timeout: 120 };
const address = text => AztecAddress.fromString(text);
const plain = (_key, value) => (typeof value === 'bigint' ? Number(value) : value);

const node = createAztecNodeClient(process.env.AZTEC_NODE_URL);
const wallet = await EmbeddedWallet.create(node);
let token;
let sent;

async function timed(action) {
  const begin = performance.now();
  const result = await action();
  return [(performance.now() - begin) / 1000, result];
}

const commands = {
  async create({ index, deploys }) {
    const { secret, salt, signingKey } = (await getInitialTestAccountsData())[index];
    const manager = await wallet.createSchnorrAccount(secret, salt, signingKey);
    if (deploys) {
      await (await manager.getDeployMethod()).send({ from: AztecAddress.ZERO, wait: WAIT });
    }
    return manager.address.toString();
  },
  async accounts() {
    return (await wallet.getAccounts()).map(({ item }) => item.toString());
  },
  async deploy({ sender }) {
    const options = { from: address(sender), wait: WAIT };
    ({ contract: token } = await TokenContract.deploy(wallet, options.from, 'Bench', 'BEN', 18).send(options));
    return token.address.toString();
  },
  async use({ contract }) {
    const instance = await node.getContract(address(contract));
    await wallet.registerContract(instance, TokenContractArtifact);
    token = TokenContract.at(instance.address, wallet);
    return contract;
  },
  async expect({ sender }) {
    await wallet.registerSender(address(sender), '');
    return sender;
  },
  async mint({ sender, to, amount, times }) {
    const calls = Array.from({ length: times }, () => token.methods.mint_to_private(address(to), BigInt(amount)));
    const { receipt } = await new BatchCall(wallet, calls).send({ from: address(sender), wait: WAIT });
    return receipt.txHash.toString();
  },
  async transfer({ sender, to, amount, simulates }) {
    const from = address(sender);
    const call = token.methods.transfer(address(to), BigInt(amount));
    const [simulate_s] = simulates ? await timed(() => call.simulate({ from })) : [0];
    const [send_s, { txHash }] = await timed(() => call.send({ from, wait: NO_WAIT }));
    sent = txHash;
    return { simulate_s, send_s };
  },
  async settle() {
    return (await waitForTx(node, sent, WAIT)).txHash.toString();
  },
  async balance({ account }) {
    const from = address(account);
    const [took_s, { result }] = await timed(() => token.methods.balance_of_private(from).simulate({ from }));
    return { took_s, amount: result };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  console.log(JSON.stringify({ answer: await commands[command](options) }, plain));
}
process.exit(0);
