// What the other scripts here use of the reference: the packages `@aztec/*` 4.1.2, installed in AZTEC_REFERENCE_DIR.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const installation = process.env.AZTEC_REFERENCE_DIR;
if (!installation) {
  throw new Error('AZTEC_REFERENCE_DIR is not set: it names the folder with the reference packages');
}
const { resolve } = createRequire(join(installation, 'package.json'));

/** Imports a module of the installation, wherever the script that asks for it lies. */
const load = name => import(pathToFileURL(resolve(name)).href);

export const { Fr } = await load('@aztec/foundation/curves/bn254');
export const { Point } = await load('@aztec/foundation/curves/grumpkin');
export const { EthAddress } = await load('@aztec/foundation/eth-address');
export const { avmSimulate } = await load('@aztec/native');
export const { ProtocolContractsList } = await load('@aztec/protocol-contracts');
export const { computeFeePayerBalanceLeafSlot } = await load('@aztec/protocol-contracts/fee-juice');
export const { PublicContractsDB } = await load('@aztec/simulator/server');
export const avm = await load('@aztec/stdlib/avm');
export const { AztecAddress } = await load('@aztec/stdlib/aztec-address');
export const { ContractDeploymentData } = await load('@aztec/stdlib/contract');
export const { computeEffectiveGasFees } = await load('@aztec/stdlib/fees');
export const { Gas, GasFees, GasSettings } = await load('@aztec/stdlib/gas');
export const { computePublicDataTreeLeafSlot, siloNullifier } = await load('@aztec/stdlib/hash');
export const { PublicKeys } = await load('@aztec/stdlib/keys');
export const { PublicCallRequest } = await load('@aztec/stdlib/kernel');
export const { ContractClassLog, ContractClassLogFields, PrivateLog } = await load('@aztec/stdlib/logs');
export const { L2ToL1Message, ScopedL2ToL1Message } = await load('@aztec/stdlib/messaging');
export const { MerkleTreeId, NullifierLeaf, PublicDataTreeLeaf } = await load('@aztec/stdlib/trees');
export const { GlobalVariables, ProtocolContracts, PublicCallRequestWithCalldata } = await load('@aztec/stdlib/tx');
export const { WorldStateRevision } = await load('@aztec/stdlib/world-state');
export const { NativeWorldStateService } = await load('@aztec/world-state/native');

export const field = text => Fr.fromHexString(text);
export const address = text => AztecAddress.fromField(field(text));
