// An application of aztec.js over a served wallet that sends private transfers between its accounts until the wallet is
// gone, and says how far it is: one JSON object for each step. With ASK it asks for what it may do; else it was told.
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { NO_WAIT } from '@aztec/aztec.js/contracts';
import { createAztecNodeClient, waitForTx } from '@aztec/aztec.js/node';
import { WalletSchema } from '@aztec/aztec.js/wallet';
import { createSafeJsonRpcClient, makeFetch } from '@aztec/foundation/json-rpc/client';
import { TokenContract } from '@aztec/noir-contracts.js/Token';
import { run } from './common.mjs';

const say = (word, hash) => console.log(JSON.stringify({ word, hash }));
const CAPABILITIES = [
  { type: 'accounts', canGet: true, canCreateAuthWit: true },
  { type: 'contracts', contracts: '*', canRegister: true, canGetMetadata: true },
  { type: 'simulation', transactions: { scope: '*' }, utilities: { scope: '*' } },
  { type: 'transaction', scope: '*' },
];

await run(async () => {
  const node = createAztecNodeClient(process.env.AZTEC_NODE_URL);
  const wallet = createSafeJsonRpcClient(process.env.WALLET_URL, WalletSchema, {
    namespaceMethods: 'wallet',
    fetch: makeFetch([], true),
    extraHeaders: { authorization: `Bearer ${process.env.WALLET_TOKEN}` },
  });
  if (process.env.ASK) {
    await wallet.requestCapabilities({
      version: '1.0', metadata: { name: 'bank', version: '1' }, capabilities: CAPABILITIES,
    });
  }
  const people = (await wallet.getAccounts()).map(({ item }) => item);
  const { methods } = TokenContract.at(AztecAddress.fromString(process.env.TOKEN), wallet);
  say('open');
  for (let turn = 0; ; turn++) {
    const [sender, recipient] = [people[turn % 2], people[(turn + 1) % 2]];
    say('sync');
    const { result } = await methods.balance_of_private(sender).simulate({ from: sender });
    if (result === 0n) {
      continue;
    }
    say('send');
    const amount = 1n + (result * BigInt(1 + (turn % 5))) / 10n;
    const transfer = methods.transfer(recipient, amount < result ? amount : result);
    const sent = await transfer.send({ from: sender, wait: NO_WAIT }).catch(error => {
      // The one that was sent before the last kill waits yet, and spends the same note.
      if (!/nullifier/i.test(error.message)) {
        throw error;
      }
    });
    if (sent) {
      say('sent', sent.txHash.toString());
      await waitForTx(node, sent.txHash, { interval: 0.05, timeout: 60 });
    }
  }
});
