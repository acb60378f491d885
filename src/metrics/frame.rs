//! Frames of the fast channel: bytes to raw readings, delta by delta.
//!
//! # Wire
//!
//! ```text
//! [SEQ EPOCH          the tick's number; the node's wall clock in whole seconds, `-` where it is not known
//! KEY VALUE           a line only for a value that differs from the last one sent under its key
//! ]SEQ LINES          how many lines lie between
//! ```
//!
//! A full frame (asked by `a`) holds every line, so what it lacks is gone. A wrong count or number is answered by asking for a full frame.
//! Unknown keys are skipped. A value that the node lacks is `-`. Numbers are the kernel's own; all arithmetic is done here.
//!
//! | key | when | value |
//! |---|---|---|
//! | `l` | every tick | `/proc/loadavg` without the last pid: `0.52 0.58 0.59 2/857` |
//! | `u` | every tick | seconds since boot: `1685.17` |
//! | `c` | every tick | first line of `/proc/stat` without `cpu`: user nice system idle iowait irq softirq steal guest guest_nice (older kernels: fewer) |
//! | `cN` | `p` | the same of core N |
//! | `m` | every tick | kB: MemTotal MemFree MemAvailable Buffers Cached Shmem SReclaimable Dirty SwapTotal SwapFree |
//! | `k` | every tick, in a container with a limit | bytes: memory.current, inactive_file |
//! | `Pc` `Pm` `Pi` | every tick | pressure of cpu, memory, io: some avg10, some avg60, full avg10, full avg60 (the last two may be missing) |
//! | `nIF` | every tick | interface IF: received bytes, errors, drops; sent bytes, errors, drops |
//! | `dDISK` | every tick | whole disk: reads, sectors read, writes, sectors written, in flight, busy ms |
//! | `aN` | every tick | AMD card N: busy %, memory used, memory in all (bytes), temperature (m°C), power, power limit (µW) |
//! | `AN` | full | its product name |
//! | `wN` | every tick | watched item N, counted from 1: `P`: state and start time in ticks after boot (`S 3021`); `G`: `1` when processes live in it, else `0`; gone: `-` |
//! | `pf` `pb` | `m` | processes created since boot; blocked on I/O now |
//! | `vs` `vf` `vo` | `m` | since boot: pages swapped out, major faults, OOM kills |
//! | `t` | `m` | CurrEstab OutSegs RetransSegs |
//! | `ts` | `m` | TCP sockets in use |
//! | `f` | `m` | `/proc/sys/fs/file-nr`: open, 0, limit |
