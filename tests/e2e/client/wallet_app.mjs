// An application of aztec.js over a wallet that another process serves: WalletSchema by JSON-RPC, contract classes,
// events, authorizations of both kinds, refusals. One JSON object per step; values that differ from run to run stay out.
import { SetPublicAuthwitContractInteraction, lookupValidity } from '@aztec/aztec.js/authorization';
import { Fr } from '@aztec/aztec.js/fields';
import { createAztecNodeClient } from '@aztec/aztec.js/node';
import { WalletSchema } from '@aztec/aztec.js/wallet';
import { createSafeJsonRpcClient, makeFetch } from '@aztec/foundation/json-rpc/client';
import { TokenContract } from '@aztec/noir-contracts.js/Token';
import { run } from './common.mjs';

const plain = (_key, value) => (typeof value === 'bigint' ? Number(value) : value);
const say = value => console.log(JSON.stringify(value, plain));
const open = authorization =>
  createSafeJsonRpcClient(process.env.WALLET_URL, WalletSchema, {
    namespaceMethods: 'wallet',
    fetch: makeFetch([], true),
    extraHeaders: { authorization },
  });

/** What something that has to fail says: the part that matches, or all of it. */
async function refusal(action, pattern) {
  const error = await action().then(() => undefined, reason => reason);
  return error?.message.match(pattern)?.[0] ?? error?.message ?? 'nothing failed';
}

const CAPABILITIES = [
  { type: 'accounts', canGet: true, canCreateAuthWit: true },
  { type: 'contracts', contracts: '*', canRegister: true, canGetMetadata: true },
  { type: 'contractClasses', classes: '*', canGetMetadata: true },
  { type: 'simulation', transactions: { scope: '*' }, utilities: { scope: '*' } },
  { type: 'transaction', scope: '*' },
  { type: 'data', addressBook: true, privateEvents: { contracts: '*' } },
];

await run(async () => {
  const node = createAztecNodeClient(process.env.AZTEC_NODE_URL);
  const stranger = open('Bearer nobody');
  say({ stranger: await refusal(() => stranger.getChainInfo(), /A token is needed/) });

  const wallet = open(`Bearer ${process.env.WALLET_TOKEN}`);
  const { granted } = await wallet.requestCapabilities({
    version: '1.0',
    metadata: { name: 'test', version: '1' },
    capabilities: CAPABILITIES,
  });
  const accounts = new Map((await wallet.getAccounts()).map(({ alias, item }) => [alias, item]));
  const [alice, bob] = [accounts.get('alice'), accounts.get('bob')];
  const chain = await wallet.getChainInfo();
  say({ granted: granted.length, accounts: accounts.size, chain: chain.chainId.toNumber() === (await node.getChainId()) });

  const { contract: token } = await TokenContract.deploy(wallet, alice, 'Service', 'SRV', 18).send({ from: alice });
  const t = token.methods;
  /** Everybody's public and private balance. */
  const balances = async () => {
    const found = {};
    for (const [name, account] of accounts) {
      const ask = async call => (await call.simulate({ from: account })).result;
      found[name] = [await ask(t.balance_of_public(account)), await ask(t.balance_of_private(account))];
    }
    return found;
  };
  await t.mint_to_public(alice, 7n).send({ from: alice });
  await t.mint_to_private(alice, 100n).send({ from: alice });
  const { receipt } = await t.transfer(bob, 30n).send({ from: alice });
  say({ minted: await balances(), effect: (await node.getTxEffect(receipt.txHash)).l2BlockNumber === receipt.blockNumber });

  const filter = { contractAddress: token.address, scopes: [bob] };
  const events = await wallet.getPrivateEvents(TokenContract.events.Transfer, filter);
  say({
    events: events.map(({ event, metadata }) => ({
      amount: event.amount,
      people: BigInt(event.from) === alice.toBigInt() && BigInt(event.to) === bob.toBigInt(),
      place: metadata.txHash.equals(receipt.txHash) && metadata.l2BlockNumber === receipt.blockNumber,
    })),
    earlier: (await wallet.getPrivateEvents(TokenContract.events.Transfer, { ...filter, toBlock: receipt.blockNumber })).length,
  });

  // Private authorization: a witness travels with the transaction.
  const byBob = t.transfer_in_private(alice, bob, 5n, Fr.random());
  const intent = { caller: bob, call: await byBob.getFunctionCall() };
  const options = { from: bob, additionalScopes: [alice] };
  const unauthorized = await refusal(() => byBob.simulate(options), /Unknown auth witness for message hash 0x/);
  const witness = await wallet.createAuthWit(alice, intent);
  const before = await lookupValidity(wallet, alice, intent, witness);
  await byBob.send({ ...options, authWitnesses: [witness] });
  const again = await refusal(() => byBob.send({ ...options, authWitnesses: [witness] }), /Existing nullifier/);
  say({ private: await balances(), unauthorized, before, again });

  // Public authorization: an entry in the registry, used up by the call.
  const inPublic = t.transfer_in_public(alice, bob, 2n, Fr.random());
  const publicIntent = { caller: bob, action: inPublic };
  const early = await refusal(() => inPublic.simulate({ from: bob }), /unauthorized/);
  await (await SetPublicAuthwitContractInteraction.create(wallet, alice, publicIntent, true)).send();
  await inPublic.send({ from: bob });
  say({ public: await balances(), early });

  // What fails says why: in private, and in public when it is mined.
  const tooMuch = t.transfer_in_public(bob, alice, 3n, 0);
  say({
    poor: await refusal(() => t.transfer(bob, 1000n).simulate({ from: alice }), /Balance too low/),
    simulated: await refusal(() => tooMuch.simulate({ from: bob }), /attempt to subtract with overflow/),
    mined: await refusal(() => tooMuch.send({ from: bob }), /reverted: app_logic_reverted/),
  });

  await wallet.registerSender(token.address, 'coin');
  say({ senders: (await wallet.getAddressBook()).map(({ alias, item }) => [alias, item.equals(token.address)]) });
});
