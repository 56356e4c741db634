// The contracts of the cases, served to the native simulator.
import { createHash } from 'node:crypto';
import { ContractDeploymentData, Fr, Point, PublicKeys, address, avm, field } from './packages.mjs';

const NO_KEYS = PublicKeys.default();
const packed = new WeakMap(); // contract class -> its encoding, which can be large

// A commitment only has to tell bytecodes apart here: nothing compares it with the class id.
const standIn = code => Fr.fromBufferReduce(createHash('sha256').update(code).digest());

function encodedClass(contractClass) {
  let buffer = packed.get(contractClass);
  if (!buffer) {
    buffer = avm.serializeWithMessagePack(contractClass);
    packed.set(contractClass, buffer);
  }
  return buffer;
}

function publicKeys(keys) {
  const point = ([x, y]) => new Point(field(x), field(y), false);
  return new PublicKeys(
    point(keys.masterNullifierPublicKey), point(keys.masterIncomingViewingPublicKey),
    point(keys.masterOutgoingViewingPublicKey), point(keys.masterTaggingPublicKey));
}

/** What the reference's contract database reads below its own cache: the node's contract store. */
export class Contracts {
  instances = new Map();
  classes = new Map();
  commitments = new Map();

  addInstance(instance) {
    this.instances.set(instance.address.toString(), instance);
  }

  addClass(id, code, commitment, more = {}) {
    const key = id.toString();
    this.classes.set(key, {
      id, version: 1, artifactHash: Fr.ZERO, privateFunctionsRoot: Fr.ZERO, packedBytecode: code,
      privateFunctions: [], utilityFunctions: [], ...more });
    this.commitments.set(key, commitment);
  }

  /** Takes classes, bytecodes and instances as the vectors of transactions list them. */
  store({ classes = {}, bytecodes = {}, instances = {} }) {
    for (const [id, entry] of Object.entries(classes)) {
      const code = Buffer.from(bytecodes[entry.publicBytecodeCommitment], 'base64');
      this.addClass(field(id), code, field(entry.publicBytecodeCommitment), {
        version: entry.version, artifactHash: field(entry.artifactHash),
        privateFunctionsRoot: field(entry.privateFunctionsRoot) });
    }
    for (const entry of Object.values(instances)) {
      this.addInstance({
        address: address(entry.address), version: entry.version, salt: field(entry.salt),
        deployer: address(entry.deployer), currentContractClassId: field(entry.currentContractClassId),
        originalContractClassId: field(entry.originalContractClassId),
        initializationHash: field(entry.initializationHash), publicKeys: publicKeys(entry.publicKeys) });
    }
    return { classes: this.classes.size, instances: this.instances.size };
  }

  /** Makes the contracts of a single call, as its `state.contracts` lists them. */
  static ofCall(entries) {
    const contracts = new Contracts();
    for (const entry of entries) {
      const code = Buffer.from(entry.bytecode, 'hex');
      const current = field(entry.classId);
      contracts.addClass(current, code, standIn(code));
      contracts.addInstance({
        address: address(entry.address), version: 1, salt: Fr.ZERO, deployer: address(entry.deployer),
        currentContractClassId: current, originalContractClassId: field(entry.originalClassId),
        initializationHash: field(entry.initializationHash), publicKeys: NO_KEYS });
    }
    return contracts;
  }

  /** Makes a store of all the classes and only these instances. */
  only(addresses) {
    const chosen = new Contracts();
    chosen.classes = this.classes;
    chosen.commitments = this.commitments;
    for (const key of addresses) {
      const instance = this.instances.get(key);
      if (!instance) {
        throw new Error(`unknown contract ${key}: send its instance first`);
      }
      chosen.instances.set(key, instance);
    }
    return chosen;
  }

  has(contract) {
    return this.instances.has(contract.toString());
  }

  getContract = contract => Promise.resolve(this.instances.get(contract.toString()));
  getContractClass = id => Promise.resolve(this.classes.get(id.toString()));
  getBytecodeCommitment = id => Promise.resolve(this.commitments.get(id.toString()));
  getDebugFunctionName = () => Promise.resolve(undefined);
}

/** The callbacks of the native simulator, over the reference's contract database. */
export function provider(database, timestamp) {
  return {
    getContractInstance: async text => {
      const instance = await database.getContractInstance(address(text), timestamp);
      return instance && avm.serializeWithMessagePack(instance);
    },
    getContractClass: async text => {
      const found = await database.getContractClass(field(text));
      return found && encodedClass(found);
    },
    getBytecodeCommitment: async text => {
      const found = await database.getBytecodeCommitment(field(text));
      return found && avm.serializeWithMessagePack(found);
    },
    addContracts: async buffer => {
      const data = ContractDeploymentData.fromPlainObject(avm.deserializeFromMessagePack(buffer));
      await database.addContracts(data);
    },
    getDebugFunctionName: () => Promise.resolve(undefined),
    createCheckpoint: async () => database.createCheckpoint(),
    commitCheckpoint: async () => database.commitCheckpoint(),
    revertCheckpoint: async () => database.revertCheckpoint(),
  };
}
