//! The frame codec: channel (one byte), length (two bytes, little endian), payload.
//!
//! A frame of length 0 says that its channel has ended. The guest sends on channels 1 to 4, the host on
//! channel 0. The codec knows nothing of sockets, so that every split of the byte stream can be tested.

/// The largest payload of one frame, in bytes.
pub const MAXIMUM_PAYLOAD: usize = u16::MAX as usize;
/// Bytes before the payload.
const HEADER: usize = 3;

/// One of the streams that share the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Host to guest: the program's standard input.
    StandardInput = 0,
    /// Guest to host: standard output.
    StandardOutput = 1,
    /// Guest to host: standard error.
    StandardError = 2,
    /// Guest to host: one event line a frame.
    Events = 3,
    /// Guest to host: what the debugger prints.
    Debugger = 4,
}

impl Channel {
    /// The channel of a frame that the guest sent, if the guest may send on it.
    fn from_guest(number: u8) -> Result<Self, LinkError> {
        match number {
            1 => Ok(Self::StandardOutput),
            2 => Ok(Self::StandardError),
            3 => Ok(Self::Events),
            4 => Ok(Self::Debugger),
            _ => Err(LinkError::UnknownChannel(number)),
        }
    }
}

/// One decoded frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Bytes of a channel.
    Data {
        /// Which stream they belong to.
        channel: Channel,
        /// At least one byte.
        bytes: Vec<u8>,
    },
    /// The channel has ended.
    End {
        /// The ended stream.
        channel: Channel,
    },
}

/// Why the byte stream is not a sequence of frames and events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// A frame names a channel that the guest does not have.
    #[error("a frame on unknown channel {0}")]
    UnknownChannel(u8),
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame, after {0} of its bytes")]
    Truncated(usize),
    /// A line on the event channel that cannot be read.
    #[error("event line {line:?}: {problem}")]
    BadEvent {
        /// The line as sent.
        line: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Turns bytes, however they were split on the way, back into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
}

impl Decoder {
    /// Adds bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` while its bytes are still on the way.
    ///
    /// # Errors
    /// [`LinkError::UnknownChannel`]; the stream is useless after that.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, LinkError> {
        let Some(&number) = self.buffer.first() else {
            return Ok(None);
        };
        let channel = Channel::from_guest(number)?;
        let [_, low, high, payload @ ..] = self.buffer.as_slice() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        if length == 0 {
            self.buffer.drain(..HEADER);
            return Ok(Some(Frame::End { channel }));
        }
        let Some(bytes) = payload.get(..length).map(<[u8]>::to_vec) else {
            return Ok(None);
        };
        self.buffer.drain(..HEADER + length);
        Ok(Some(Frame::Data { channel, bytes }))
    }

    /// Checks that the stream, now at its end, did not end inside a frame.
    ///
    /// # Errors
    /// [`LinkError::Truncated`] with the number of bytes left over.
    pub fn finish(&self) -> Result<(), LinkError> {
        match self.buffer.len() {
            0 => Ok(()),
            left => Err(LinkError::Truncated(left)),
        }
    }
}

/// Encodes data for one channel; more than [`MAXIMUM_PAYLOAD`] bytes become several frames, none becomes none.
#[must_use]
pub fn encode_data(channel: Channel, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(bytes.len() + HEADER);
    for part in bytes.chunks(MAXIMUM_PAYLOAD) {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        encoded.push(channel as u8);
        encoded.extend_from_slice(&length.to_le_bytes());
        encoded.extend_from_slice(part);
    }
    encoded
}

/// Encodes the end of one channel.
#[must_use]
pub fn encode_end(channel: Channel) -> [u8; HEADER] {
    [channel as u8, 0, 0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes `bytes` given in pieces of `step`.
    fn decode_in_steps(bytes: &[u8], step: usize) -> Result<Vec<Frame>, LinkError> {
        let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
        for piece in bytes.chunks(step) {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame()? {
                frames.push(frame);
            }
        }
        decoder.finish().map(|()| frames)
    }

    fn data(channel: Channel, bytes: &[u8]) -> Frame {
        Frame::Data { channel, bytes: bytes.to_vec() }
    }

    #[test]
    fn frames_survive_every_split() {
        let mut stream = encode_data(Channel::StandardOutput, b"hello\0\xff\r\n");
        stream.extend(encode_data(Channel::Events, b"done"));
        stream.extend(encode_end(Channel::StandardError));
        let expected = vec![
            data(Channel::StandardOutput, b"hello\0\xff\r\n"),
            data(Channel::Events, b"done"),
            Frame::End { channel: Channel::StandardError },
        ];
        for step in 1..=stream.len() {
            assert_eq!(decode_in_steps(&stream, step), Ok(expected.clone()), "step {step}");
        }
    }

    #[test]
    fn a_stream_that_ends_inside_a_frame_is_told_from_one_that_ends() {
        let whole = encode_data(Channel::StandardOutput, b"abc");
        for kept in 1..whole.len() {
            assert_eq!(decode_in_steps(&whole[..kept], 1), Err(LinkError::Truncated(kept)));
        }
        assert_eq!(decode_in_steps(&[], 1), Ok(vec![]));
    }

    #[test]
    fn channels_the_guest_does_not_have_are_refused() {
        for number in [0, 5, 0x4d, 255] {
            let mut decoder = Decoder::default();
            decoder.push(&[number, 1, 0, 7]);
            assert_eq!(decoder.next_frame(), Err(LinkError::UnknownChannel(number)));
        }
    }

    #[test]
    fn long_data_is_cut_at_the_largest_payload() {
        let long = vec![7; MAXIMUM_PAYLOAD + 5];
        let frames = decode_in_steps(&encode_data(Channel::StandardError, &long), 4096).unwrap();
        let lengths: Vec<usize> = frames
            .iter()
            .map(|frame| match frame {
                Frame::Data { bytes, .. } => bytes.len(),
                Frame::End { .. } => 0,
            })
            .collect();
        assert_eq!(lengths, [MAXIMUM_PAYLOAD, 5]);
        assert!(encode_data(Channel::StandardOutput, b"").is_empty(), "an empty frame would end the channel");
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_is_decoded(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..8),
            step in 1usize..64,
        ) {
            let stream: Vec<u8> = parts.iter().flat_map(|p| encode_data(Channel::StandardOutput, p)).collect();
            let expected: Vec<Frame> = parts.iter().map(|p| data(Channel::StandardOutput, p)).collect();
            prop_assert_eq!(decode_in_steps(&stream, step), Ok(expected));
        }

        #[test]
        fn no_byte_stream_makes_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode_in_steps(&bytes, 7);
        }
    }
}
