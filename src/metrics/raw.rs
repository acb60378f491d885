//! The newest raw values of the fast channel: which probe takes which line of a frame.

use memchr::memchr;

use super::{
    Sample, cpu, gpu, host, io, load, memory, net, pressure, tcp,
    words::{Words, whole},
};

/// What a tick asked for, so that a line that didn't come can be told from one that was not wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// Everything.
    pub(super) full: bool,
    /// The medium sources.
    pub(super) medium: bool,
    /// Each core.
    pub(super) cores: bool,
}

/// The newest raw values of the fast channel, per probe.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// Also the clock of every rate.
    pub(super) host: host::Raw,
    load: load::Raw,
    /// Holds how many CPUs a container may use.
    pub(super) cpu: cpu::Raw,
    /// Holds a container's limit.
    pub(super) memory: memory::Raw,
    pressure: pressure::Raw,
    io: io::Raw,
    net: net::Raw,
    tcp: tcp::Raw,
    /// AMD cards.
    pub(super) amd: gpu::Amd,
}

impl Raw {
    /// Takes the lines of a frame; watched items are handed to `watched` by their position.
    pub(super) fn apply(
        &mut self,
        body: &[u8],
        asked: Asked,
        mut watched: impl FnMut(usize, &[u8]),
    ) {
        self.expect(asked);
        let mut rest = body;
        while let Some(end) = memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            let at = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
            let (key, value) = line.split_at(at);
            let value = value.get(1..).unwrap_or_default();
            match key.split_first() {
                Some((b'w', item)) => {
                    if let Some(item) = whole(item).and_then(|n| n.checked_sub(1)) {
                        watched(item as usize, value);
                    }
                }
                Some((first, name)) => self.line(*first, name, Words(value)),
                None => {}
            }
        }
        self.close(asked);
    }

    fn line(&mut self, first: u8, name: &[u8], value: Words) {
        match (first, name) {
            (b'l', b"") => self.load.take(value),
            (b'u', b"") => self.host.take_uptime(value),
            (b'c', b"") => self.cpu.take(value),
            (b'q', b"") => self.cpu.take_limited(value, 1),
            (b'Q', b"") => self.cpu.take_limited(value, 1000),
            (b'C', b"") => self.host.take_cores(value),
            (b'c', core) => self.cpu.take_core(whole(core), value),
            (b'm', b"") => self.memory.take(value),
            (b'z', b"") => self.memory.take_arc(value),
            (b'k', b"") => self.memory.take_limited(value),
            (b'P', kind) => self.pressure.take(kind, value),
            (b'n', name) => self.net.take(name, value),
            (b'd', name) => self.io.take(name, value),
            (b'a', card) => self.amd.take(whole(card), value),
            (b'A', card) => self.amd.take_name(whole(card), value.0),
            (b'p' | b'v' | b'f', name) => self.host.take(first, name, value),
            (b't', b"") => self.tcp.take(value),
            (b't', b"s") => self.tcp.take_sockets(value),
            _ => {}
        }
    }

    fn expect(&mut self, asked: Asked) {
        self.cpu.expect(asked);
        if asked.full {
            self.load = load::Raw::default();
            self.pressure = pressure::Raw::default();
            self.memory.expect();
            self.io.expect();
            self.net.expect();
            self.tcp.expect();
            self.host.expect();
            self.amd.expect();
        }
    }

    fn close(&mut self, asked: Asked) {
        let uptime = self.host.uptime();
        self.cpu.close(uptime, asked);
        self.io.close(uptime);
        self.net.close(uptime);
        if asked.full || asked.medium {
            self.host.close(uptime);
            self.tcp.close(uptime);
        }
    }

    /// The sampler starts anew: only what was counted over its whole life stays.
    pub(super) fn restart(&mut self) {
        self.host.restart();
        *self = Self {
            host: std::mem::take(&mut self.host),
            ..Self::default()
        };
    }

    /// The readings of the fast channel.
    pub(super) fn fill(&self, sample: &mut Sample) {
        self.host.fill(&mut sample.host);
        sample.load = self.load.reading();
        sample.cpu = self.cpu.reading();
        sample.memory = self.memory.reading();
        sample.pressure = self.pressure.reading();
        sample.io = self.io.reading();
        sample.net = self.net.reading();
        sample.tcp = self.tcp.reading();
    }
}
