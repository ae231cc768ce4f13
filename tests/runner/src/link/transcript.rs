//! What happened in one boot, put together from the frames of the link.
//!
//! Jobs run one after the other, so output between a job's `begin` and `end` is that job's. A background job
//! has its own `begin` and `end` around the next one's; its output cannot be told apart and is not asked for.

use super::event::{Event, JobEnd};
use super::frame::{Channel, Decoder, Frame, LinkError};

/// One job as the guest reported it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRecord {
    /// The label that the plan gave it.
    pub label: String,
    /// Everything written to standard output since its `begin`.
    pub output: Vec<u8>,
    /// Everything written to standard error since its `begin`.
    pub errors: Vec<u8>,
    /// How it ended, once it has.
    pub end: Option<JobEnd>,
}

/// Everything the link said, in order.
#[derive(Debug, Default)]
pub struct Transcript {
    decoder: Decoder,
    /// The jobs in the order of their `begin` events.
    pub jobs: Vec<JobRecord>,
    /// Ticks from the kernel's entry to the first instruction in ring 3.
    pub ready: Option<u64>,
    /// Whether the guest said that its plan is worked off.
    pub done: bool,
    /// What stopped the kernel, after a bugcheck.
    pub bugcheck: Option<Bugcheck>,
}

/// Why the kernel stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bugcheck {
    /// The stop code.
    pub code: u32,
    /// Its four parameters.
    pub parameters: [u32; 4],
    /// The line that told it, without its first word.
    pub detail: String,
}

/// A piece of output that passed by, for a caller who hands it on at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    /// Bytes of standard output.
    Output(Vec<u8>),
    /// Bytes of standard error.
    Errors(Vec<u8>),
    /// Bytes that the debugger printed.
    Debugger(Vec<u8>),
    /// An event.
    Event(Event),
}

impl Transcript {
    /// Takes bytes from the link and returns what they completed, in order.
    ///
    /// # Errors
    /// [`LinkError`] when the bytes break the protocol.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Passing>, LinkError> {
        self.decoder.push(bytes);
        let mut passing = Vec::new();
        while let Some(frame) = self.decoder.next_frame()? {
            passing.extend(self.take(frame)?);
        }
        Ok(passing)
    }

    /// Checks that the link did not end inside a frame.
    ///
    /// # Errors
    /// [`LinkError::Truncated`].
    pub fn finish(&self) -> Result<(), LinkError> {
        self.decoder.finish()
    }

    /// The record of the job with this label.
    #[must_use]
    pub fn job(&self, label: &str) -> Option<&JobRecord> {
        self.jobs.iter().find(|job| job.label == label)
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Passing>, LinkError> {
        let Frame::Data { channel, bytes } = frame else {
            return Ok(None);
        };
        let job = self.jobs.last_mut();
        Ok(Some(match channel {
            Channel::StandardOutput => {
                if let Some(job) = job {
                    job.output.extend_from_slice(&bytes);
                }
                Passing::Output(bytes)
            }
            Channel::StandardError => {
                if let Some(job) = job {
                    job.errors.extend_from_slice(&bytes);
                }
                Passing::Errors(bytes)
            }
            Channel::Debugger => Passing::Debugger(bytes),
            Channel::StandardInput | Channel::Events => {
                let event = Event::parse(&String::from_utf8_lossy(&bytes))?;
                self.note(&event);
                Passing::Event(event)
            }
        }))
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Begin { label } => {
                self.jobs.push(JobRecord { label: label.clone(), ..JobRecord::default() });
            }
            Event::Ready { ticks } => {
                self.ready.get_or_insert(*ticks);
            }
            Event::End(end) => self.end(end),
            Event::Done => self.done = true,
            Event::Bugcheck { code, parameters, detail } => {
                self.bugcheck = Some(Bugcheck { code: *code, parameters: *parameters, detail: detail.clone() });
            }
            Event::Other(_) => {}
        }
    }

    /// Files an `end`; a job that never began (its image could not be opened) gets its record now.
    fn end(&mut self, end: &JobEnd) {
        let waiting = self.jobs.iter_mut().find(|job| job.label == end.label && job.end.is_none());
        if let Some(job) = waiting {
            job.end = Some(end.clone());
        } else {
            let label = end.label.clone();
            self.jobs.push(JobRecord { label, end: Some(end.clone()), ..JobRecord::default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{encode_data, encode_end};
    use super::*;

    fn event(line: &str) -> Vec<u8> {
        encode_data(Channel::Events, line.as_bytes())
    }

    fn end(label: &str) -> Vec<u8> {
        event(&format!("end label={label} status=00000003 kind=exit instructions=9 audit=ok"))
    }

    #[test]
    fn output_belongs_to_the_job_that_began_last() {
        let mut transcript = Transcript::default();
        let stream = [
            event("begin label=one"),
            event("ready tsc=77"),
            encode_data(Channel::StandardOutput, b"1"),
            end("one"),
            event("begin label=two"),
            encode_data(Channel::StandardError, b"2"),
            end("two"),
            event("done"),
            encode_end(Channel::StandardOutput).to_vec(),
        ]
        .concat();
        let passing = transcript.push(&stream).unwrap();
        assert_eq!(passing.len(), 8);
        assert_eq!(transcript.job("one").unwrap().output, b"1");
        assert_eq!(transcript.job("two").unwrap().errors, b"2");
        assert!(transcript.job("one").unwrap().errors.is_empty());
        assert_eq!(transcript.job("two").unwrap().end.as_ref().unwrap().status, 3);
        assert_eq!((transcript.ready, transcript.done), (Some(77), true));
        assert_eq!(transcript.finish(), Ok(()));
    }

    #[test]
    fn a_background_job_may_end_inside_another() {
        let mut transcript = Transcript::default();
        let stream = [event("begin label=back"), event("begin label=front"), end("back"), end("front")].concat();
        transcript.push(&stream).unwrap();
        assert!(transcript.jobs.iter().all(|job| job.end.is_some()));
        assert_eq!(transcript.jobs.len(), 2);
    }

    #[test]
    fn an_end_without_a_begin_is_not_lost() {
        let mut transcript = Transcript::default();
        transcript.push(&end("ghost")).unwrap();
        assert_eq!(transcript.job("ghost").unwrap().end.as_ref().unwrap().status, 3);
    }

    #[test]
    fn what_the_debugger_prints_is_no_output_of_the_job() {
        let mut transcript = Transcript::default();
        let stream = [event("begin label=x"), encode_data(Channel::Debugger, b"kd> r\n")].concat();
        let passing = transcript.push(&stream).unwrap();
        assert_eq!(passing[1], Passing::Debugger(b"kd> r\n".to_vec()));
        assert!(transcript.jobs[0].output.is_empty() && transcript.jobs[0].errors.is_empty());
    }

    #[test]
    fn a_bugcheck_is_remembered() {
        let mut transcript = Transcript::default();
        transcript.push(&event("bugcheck code=0000001A p1=00000001")).unwrap();
        let bugcheck = transcript.bugcheck.as_ref().unwrap();
        assert_eq!((bugcheck.code, bugcheck.parameters), (0x1a, [1, 0, 0, 0]));
        assert!(!transcript.done);
    }
}
