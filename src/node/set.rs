//! The ClusterShell node-set language: parse, fold, algebra. Pure.
