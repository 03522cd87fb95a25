"""The limiter checks' instruments (contract: RATE): experiments that collect observations, and pure functions that check them."""
