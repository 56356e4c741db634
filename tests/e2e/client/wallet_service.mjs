// Contract classes of aztec.js over a wallet that answers WalletSchema by JSON-RPC.
import { createSafeJsonRpcClient, makeFetch } from '@aztec/foundation/json-rpc/client';
import { WalletSchema } from '@aztec/aztec.js/wallet';
import { BatchCall } from '@aztec/aztec.js/contracts';
import { AztecAddress } from '@aztec/aztec.js/addresses';
import { Fr } from '@aztec/aztec.js/fields';
import { TokenContract } from '@aztec/noir-contracts.js/Token';

const say = value => console.log(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? item.toString() : item)));
const wallet = createSafeJsonRpcClient(process.env.WALLET_URL, WalletSchema, {
  namespaceMethods: 'wallet',
  fetch: makeFetch([], true),
  extraHeaders: { authorization: `Bearer ${process.env.WALLET_TOKEN}` },
});

const chain = await wallet.getChainInfo();
say({ chain: chain.chainId.toNumber() });
const granted = await wallet.requestCapabilities({
  version: '1.0',
  metadata: { name: 'test', version: '1' },
  capabilities: [
    { type: 'accounts', canGet: true, canCreateAuthWit: true },
    { type: 'contracts', contracts: '*', canRegister: true, canGetMetadata: true },
    { type: 'contractClasses', classes: '*', canGetMetadata: true },
    { type: 'simulation', transactions: { scope: '*' }, utilities: { scope: '*' } },
    { type: 'transaction', scope: '*' },
    { type: 'data', addressBook: true, privateEvents: { contracts: '*' } },
  ],
});
say({ granted: granted.granted.map(item => item.type) });
const accounts = await wallet.getAccounts();
const [alice, bob] = accounts.map(item => item.item);
say({ accounts: accounts.map(item => item.alias) });

const { contract: token } = await TokenContract.deploy(wallet, alice, 'Service', 'SRV', 18).send({ from: alice });
await token.methods.mint_to_private(alice, 100n).send({ from: alice });
await token.methods.mint_to_public(alice, 7n).send({ from: alice });
await token.methods.transfer(bob, 30n).send({ from: alice });
say({
  private: [
    (await token.methods.balance_of_private(alice).simulate({ from: alice })).result,
    (await token.methods.balance_of_private(bob).simulate({ from: bob })).result,
  ],
  public: (await token.methods.balance_of_public(alice).simulate({ from: alice })).result,
});

const nonce = Fr.random();
const action = await token.methods.transfer_in_private(alice, bob, 5n, nonce).getFunctionCall();
const witness = await wallet.createAuthWit(alice, { caller: bob, call: action });
await token.methods.transfer_in_private(alice, bob, 5n, nonce).send({ from: bob, authWitnesses: [witness], additionalScopes: [alice] });
say({ after: (await token.methods.balance_of_private(bob).simulate({ from: bob })).result });

const estimate = await token.methods.transfer(bob, 1n).simulate({ from: alice, fee: { estimateGas: true } });
say({ estimated: estimate.estimatedGas.gasLimits.l2Gas > 400000 });

const batch = await new BatchCall(wallet, [
  token.methods.balance_of_public(alice),
  token.methods.balance_of_private(alice),
  token.methods.total_supply(),
]).simulate({ from: alice });
say({ batch: batch.map(item => item.result) });

const events = await wallet.getPrivateEvents(TokenContract.events.Transfer, { contractAddress: token.address, scopes: [bob] });
say({ events: events.map(item => item.event.amount) });

const metadata = await wallet.getContractMetadata(token.address);
say({ metadata: [metadata.isContractInitialized, metadata.isContractPublished, metadata.isContractUpdated] });
const sent = await token.methods.transfer(bob, 1n).send({ from: alice, wait: 'NO_WAIT' });
say({ sent: sent.txHash.toString().length });
const profile = await token.methods.transfer(bob, 1n).profile({ from: alice, profileMode: 'execution-steps' });
say({ profiled: profile.executionSteps.length });
try {
  await token.methods.transfer(bob, 1000n).simulate({ from: alice });
} catch (error) {
  say({ refused: error.message.includes('Balance too low') });
}
