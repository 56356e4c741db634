// The unmodified wallet as a peer of another one: it does what the lines on its standard input say, one JSON object
// each, and answers with a line. Numbers in arguments become bigints, texts addresses.
import { createInterface } from 'node:readline';
import { getInitialTestAccountsData } from '@aztec/accounts/testing';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { waitForNode } from '@aztec/aztec.js/node';
import { TokenContract } from '@aztec/noir-contracts.js/Token';
import { EmbeddedWallet } from '@aztec/wallets/embedded';
import { node, run } from './common.mjs';

const WAIT = { interval: 0.05, timeout: 120 };
const address = text => AztecAddress.fromString(text);
const plain = (_key, value) => (typeof value === 'bigint' ? Number(value) : value);

await run(async () => {
  await waitForNode(node);
  const wallet = await EmbeddedWallet.create(node, { ephemeral: true });
  let token;
  const call = ({ method, args }) =>
    token.methods[method](...args.map(item => (typeof item === 'string' ? address(item) : BigInt(item))));

  const commands = {
    async open({ index }) {
      const { secret, salt, signingKey } = (await getInitialTestAccountsData())[index];
      const manager = await wallet.createSchnorrAccount(secret, salt, signingKey);
      const { isContractInitialized } = await wallet.getContractMetadata(manager.address);
      if (!isContractInitialized) {
        await (await manager.getDeployMethod()).send({ from: AztecAddress.ZERO, wait: WAIT });
      }
      return manager.address.toString();
    },
    async deploy({ sender }) {
      const options = { from: address(sender), wait: WAIT };
      ({ contract: token } = await TokenContract.deploy(wallet, options.from, 'Shared', 'SHA', 18).send(options));
      return token.address.toString();
    },
    async expect({ sender }) {
      return (await wallet.registerSender(address(sender), '')).toString();
    },
    async send({ sender, ...what }) {
      const { receipt } = await call(what).send({ from: address(sender), wait: WAIT });
      return receipt.txHash.toString();
    },
    async ask({ sender, ...what }) {
      return (await call(what).simulate({ from: address(sender) })).result;
    },
    async transfers({ scope }) {
      const filter = { contractAddress: token.address, scopes: [address(scope)] };
      const found = await wallet.getPrivateEvents(TokenContract.events.Transfer, filter);
      return found.map(({ event: { from, to, amount }, metadata: { txHash } }) =>
        [from, to, amount, txHash].map(item => (typeof item === 'bigint' ? item : item.toString())),
      );
    },
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...options } = JSON.parse(line);
    console.log(JSON.stringify({ answer: await commands[command](options) }, plain));
  }
});
