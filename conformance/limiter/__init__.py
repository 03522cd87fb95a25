"""The limiter checks' instruments (contract: RATE): experiments that collect observations, and pure judgements of them."""
