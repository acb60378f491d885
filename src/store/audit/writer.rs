//! `Audit`: appends records under the lock, begins new files, and mends what a crash has torn.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    slice,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Counts, Error, Head, Intent, RunId, RunResult,
    folder::{Folder, LogFile, length, wrong},
    record::{Event, HostKey, Open, RollOrder, RunEnd},
    tail::{Tail, head_of},
};

/// A new file begins when the last one is as long as this, or of a month before.
const MAX_BYTES: u64 = 64 << 20;

/// What was written is on disk after this, as long as something goes on being written.
const SYNC_MS: u64 = 1000;

/// One writer of the log. All it does blocks: an async caller runs it in `spawn_blocking`.
///
/// Others may write at the same time, in this process or another; each needs an `Audit` of its own. Dropping it syncs
/// what isn't synced yet, and tells nobody where that fails: [`Audit::end`] does.
#[derive(Debug)]
pub struct Audit {
    folder: Folder,
    /// Where the log ended when this writer looked last.
    end: Option<End>,
    /// Was written to since the last sync, and since when.
    unsynced: Option<(PathBuf, File)>,
    unsynced_ms: u64,
    max_bytes: u64,
}

/// The end of the log.
#[derive(Clone, Debug)]
struct End {
    file: LogFile,
    length: u64,
    head: Head,
    month: Month,
}

/// Year and month in UTC.
type Month = (i16, i8);

impl Audit {
    /// Opens the log in this folder, which is made where it isn't there, for this user alone. Begins the first file, and
    /// mends a torn end.
    pub fn open(folder: &Path, now_ms: u64) -> Result<Self, Error> {
        Self::open_with(folder, now_ms, MAX_BYTES)
    }

    pub(super) fn open_with(folder: &Path, now_ms: u64, max_bytes: u64) -> Result<Self, Error> {
        let mut audit = Self {
            folder: Folder::create(folder)?,
            end: None,
            unsynced: None,
            unsynced_ms: now_ms,
            max_bytes,
        };
        audit.append(Vec::new(), now_ms)?;
        Ok(audit)
    }

    /// Writes down that a run is about to begin. On disk when this returns: only then may a byte go to a node.
    pub fn intent(&mut self, intent: &Intent) -> Result<(), Error> {
        self.append(vec![Event::Intent(intent.into())], intent.at_ms)?;
        self.sync()
    }

    /// Writes down how a run ended on a node. Synced by the end of the run, or a second later with the next record.
    pub fn result(&mut self, result: &RunResult) -> Result<(), Error> {
        self.results(slice::from_ref(result))
    }

    /// The same of several nodes, in one write.
    pub fn results(&mut self, results: &[RunResult]) -> Result<(), Error> {
        let Some(now_ms) = results.iter().map(|result| result.at_ms).max() else {
            return Ok(());
        };
        let events = results.iter().cloned().map(Event::Result).collect();
        self.append(events, now_ms)?;
        self.sync_at_times(now_ms)
    }

    /// Writes down that a run is over. All of it is on disk when this returns.
    pub fn end(&mut self, run: &RunId, counts: &Counts, at_ms: u64) -> Result<(), Error> {
        let end = RunEnd {
            run: run.clone(),
            counts: counts.clone(),
        };
        self.append(vec![Event::End(end)], at_ms)?;
        self.sync()
    }

    /// Writes down that somebody changed a known host key. On disk when this returns.
    pub fn host_key(&mut self, change: &HostKey, at_ms: u64) -> Result<(), Error> {
        self.append(vec![Event::HostKey(change.clone())], at_ms)?;
        self.sync()
    }

    /// Writes down that somebody ordered something of a roll. On disk when this returns.
    pub fn order(&mut self, order: &RollOrder, at_ms: u64) -> Result<(), Error> {
        self.append(vec![Event::Order(order.clone())], at_ms)?;
        self.sync()
    }

    /// In how long a caller has to call [`Audit::sync_at_times`] though nothing more is written; none where all is on disk.
    pub fn sync_due(&self, now_ms: u64) -> Option<Duration> {
        // A clock that was set back is no reason to wait.
        let gone = now_ms.abs_diff(self.unsynced_ms);
        let left = Duration::from_millis(SYNC_MS.saturating_sub(gone));
        self.unsynced.is_some().then_some(left)
    }

    /// Syncs where something was written a second ago and isn't on disk yet.
    pub fn sync_at_times(&mut self, now_ms: u64) -> Result<(), Error> {
        match self.sync_due(now_ms) {
            Some(Duration::ZERO) => self.sync(),
            _ => Ok(()),
        }
    }

    fn sync(&mut self) -> Result<(), Error> {
        match self.unsynced.take() {
            None => Ok(()),
            Some((path, file)) => file
                .sync_data()
                .map_err(|error| wrong("written", &path, error)),
        }
    }

    /// Appends under the lock, all or nothing.
    fn append(&mut self, mut events: Vec<Event>, now_ms: u64) -> Result<(), Error> {
        let _lock = self.folder.lock()?;
        let (mut end, mut file, mended) = self.find_end(now_ms)?;
        let has_news = !events.is_empty();
        if has_news && (end.length >= self.max_bytes || month(now_ms) > end.month) {
            self.write(&mut end, &mut file, mended, now_ms)?;
            // What others wrote to it too: the file before is whole on disk when the next one says how it ended.
            let synced = file.sync_data();
            synced.map_err(|error| wrong("written", &end.file.path, error))?;
            (end, file) = self.begin(end.file.number + 1, end.head, now_ms)?;
        } else {
            events.splice(..0, mended);
        }
        self.write(&mut end, &mut file, events, now_ms)?;
        self.end = Some(end);
        Ok(())
    }

    /// The end of the log as it is now, and what has to be written down for it to be whole.
    fn find_end(&mut self, now_ms: u64) -> Result<(End, File, Vec<Event>), Error> {
        let files = self.folder.files()?;
        let Some(file) = files.last() else {
            let (end, file) = self.begin(1, Head::default(), now_ms)?;
            return Ok((end, file, Vec::new()));
        };
        let open = file.append()?;
        let length = length(&file.path, &open)?;
        match self.end.take() {
            // Nobody else has written: no need to look.
            Some(end) if end.file == *file && end.length == length => Ok((end, open, Vec::new())),
            _ => mend(&files, open, length, now_ms),
        }
    }

    fn begin(&mut self, number: u64, head: Head, now_ms: u64) -> Result<(End, File), Error> {
        let (log_file, mut file) = self.folder.begin(number)?;
        let mut end = End {
            file: log_file,
            length: 0,
            head,
            month: month(now_ms),
        };
        self.write(&mut end, &mut file, vec![opening(number)], now_ms)?;
        Ok((end, file))
    }

    fn write(
        &mut self,
        end: &mut End,
        file: &mut File,
        events: Vec<Event>,
        now_ms: u64,
    ) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let (mut head, mut lines) = (end.head, Vec::new());
        for event in events {
            let at_ms = match &event {
                Event::Result(result) => result.at_ms,
                _ => now_ms,
            };
            head.append(at_ms, event, &mut lines);
        }
        let path = &end.file.path;
        if let Err(error) = file.write_all(&lines) {
            // Half a record would be mended later; where it can be undone now, nothing was torn.
            let _ = file.set_len(end.length);
            return Err(wrong("written", path, error));
        }
        let kept = file.try_clone();
        let kept = kept.map_err(|error| wrong("written", path, error))?;
        if self.unsynced.is_none() {
            self.unsynced_ms = now_ms;
        }
        self.unsynced = Some((path.clone(), kept));
        end.length += lines.len() as u64;
        end.head = head;
        Ok(())
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        let _ = self.sync();
    }
}

/// Takes away what is torn at the end of the last file; it goes into a record of its own. Older lines stay as they are.
fn mend(
    files: &[LogFile],
    open: File,
    length: u64,
    now_ms: u64,
) -> Result<(End, File, Vec<Event>), Error> {
    let (file, before) = files.split_last().expect("there is a file to mend");
    let broken = |error| wrong("read", &file.path, error);
    let tail = Tail::of(&open, length).map_err(broken)?;
    let mut events = Vec::new();
    let (head, month) = if let Some((head, record)) = tail.last {
        (head, month(record.at_ms))
    } else {
        events.push(opening(file.number));
        (head_of(before)?, month(now_ms))
    };
    if let Some(torn) = tail.torn {
        open.set_len(tail.end)
            .map_err(|error| wrong("written", &file.path, error))?;
        events.push(Event::Gap(torn));
    }
    let end = End {
        file: file.clone(),
        length: tail.end,
        head,
        month,
    };
    Ok((end, open, events))
}

fn opening(file: u64) -> Event {
    Event::Open(Open {
        file,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn month(ms: u64) -> Month {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    let date = time.to_zoned(TimeZone::UTC).date();
    (date.year(), date.month())
}
