// The defaults are what a user gets: chain id 31337, the well-known accounts, a block for every transaction.
export default {};
