//! The simulation: the real workers in a virtual network with a virtual clock and a seed.
