// The trees before a case. A lane is a fork of the genesis trees that is used for one case at a time.
import {
  AztecAddress, Fr, MerkleTreeId, NativeWorldStateService, NullifierLeaf, PublicDataTreeLeaf, address,
  computePublicDataTreeLeafSlot, field, siloNullifier,
} from './packages.mjs';

const GENESIS_LEAVES = 128; // of the nullifier tree and of the public data tree
const INSTANCE_REGISTRY = AztecAddress.fromNumber(2);
const BATCH_HEIGHT = 6; // larger batches of nullifiers take quadratic time
const MOST_REMEMBERED = 10000;

const remembered = new Map();

/** Gives the result of `compute` for this key: cases use the same addresses and slots again and again. */
async function once(key, compute) {
  let value = remembered.get(key);
  if (value === undefined) {
    value = await compute();
    if (remembered.size >= MOST_REMEMBERED) {
      remembered.clear();
    }
    remembered.set(key, value);
  }
  return value;
}

function dense(leaves, size) {
  const all = Array(size).fill(Fr.ZERO);
  for (const [index, value] of leaves) {
    all[index] = field(value);
  }
  return all;
}

export class World {
  static async open() {
    return new World(await NativeWorldStateService.tmp());
  }

  constructor(service) {
    this.service = service;
  }

  async lane() {
    return new Lane(await this.service.fork());
  }

  close() {
    return this.service.close();
  }
}

class Lane {
  constructor(trees) {
    this.trees = trees;
  }

  /** Runs `body`; afterwards the trees are what they were before, also after a failure in the middle. */
  async isolated(body) {
    const depth = await this.trees.createCheckpoint();
    try {
      return await body();
    } finally {
      await this.trees.revertAllCheckpointsTo(depth - 1);
    }
  }

  /** Puts in what the `state` of a single call lists. */
  async prepareCall({ contracts, storage = [], nullifiers = [], noteHashes = [], l1ToL2Messages = [] }) {
    const keys = nullifiers.map(field);
    for (const contract of contracts) {
      if (!contract.protocolContract) {
        keys.push(await once(
          contract.address, () => siloNullifier(INSTANCE_REGISTRY, field(contract.address))));
      }
    }
    if (keys.length) {
      const leaves = keys.map(key => new NullifierLeaf(key).toBuffer());
      await this.trees.sequentialInsert(MerkleTreeId.NULLIFIER_TREE, leaves);
    }
    const writes = [];
    for (const { contractAddress, slot, value } of storage) {
      const leafSlot = await once(
        `${contractAddress} ${slot}`, () => computePublicDataTreeLeafSlot(address(contractAddress), field(slot)));
      writes.push([leafSlot, field(value)]);
    }
    await this.#write(writes);
    for (const [tree, listed] of [
      [MerkleTreeId.NOTE_HASH_TREE, noteHashes], [MerkleTreeId.L1_TO_L2_MESSAGE_TREE, l1ToL2Messages]]) {
      const leaves = listed.map(({ index, leaf }) => [index, leaf]);
      await this.#append(tree, leaves, Math.max(0, ...leaves.map(([index]) => index + 1)));
    }
  }

  /** Puts in the `prestate` of a transaction. Throws when the roots are not those it names. */
  async prepareTransaction({ trees: named, nullifiers, noteHashes, publicData, l1ToL2Messages }) {
    const keys = dense(nullifiers, named.nullifierTree.size).slice(GENESIS_LEAVES);
    for (let start = 0; start < keys.length; start += 2 ** BATCH_HEIGHT) {
      const batch = keys.slice(start, start + 2 ** BATCH_HEIGHT).map(key => new NullifierLeaf(key).toBuffer());
      await this.trees.batchInsert(MerkleTreeId.NULLIFIER_TREE, batch, BATCH_HEIGHT);
    }
    const writes = publicData.toSorted(([a], [b]) => a - b);
    await this.#write(writes.map(([, slot, value]) => [field(slot), field(value)]));
    await this.#append(MerkleTreeId.NOTE_HASH_TREE, noteHashes, named.noteHashTree.size);
    await this.#append(MerkleTreeId.L1_TO_L2_MESSAGE_TREE, l1ToL2Messages, named.l1ToL2MessageTree.size);
    const found = await this.snapshot();
    for (const [name, { root, size }] of Object.entries(named)) {
      if (found[name].root !== root || found[name].size !== size) {
        throw new Error(`the state before gives ${name} ${JSON.stringify(found[name])}`);
      }
    }
  }

  /** Gives root and size of the four trees. */
  async snapshot() {
    const { l1ToL2MessageTree, partial } = await this.trees.getStateReference();
    const short = ({ root, nextAvailableLeafIndex }) => ({ root: root.toString(), size: nextAvailableLeafIndex });
    return {
      nullifierTree: short(partial.nullifierTree), noteHashTree: short(partial.noteHashTree),
      publicDataTree: short(partial.publicDataTree), l1ToL2MessageTree: short(l1ToL2MessageTree),
    };
  }

  async #write(writes) {
    if (writes.length) {
      const leaves = writes.map(([slot, value]) => new PublicDataTreeLeaf(slot, value).toBuffer());
      await this.trees.sequentialInsert(MerkleTreeId.PUBLIC_DATA_TREE, leaves);
    }
  }

  async #append(tree, leaves, size) {
    if (size) {
      await this.trees.appendLeaves(tree, dense(leaves, size));
    }
  }
}
