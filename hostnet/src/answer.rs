//! What comes back from the kernel, one message at a time. Pure; never
//! panics, whatever the bytes are.

use netlink_packet_core::{
    ErrorBuffer, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NetlinkBuffer,
};
use thiserror::Error;

use crate::attributes::{attributes, text};

/// NLM_F_CAPPED and NLM_F_ACK_TLVS, include/uapi/linux/netlink.h.
const CAPPED: u16 = 0x100;
const ACK_TLVS: u16 = 0x200;
/// NLMSGERR_ATTR_MSG of the same header.
const ATTR_MSG: u16 = 1;
/// `struct nlmsghdr`, and the error number before its copy.
const HEADER_BYTES: usize = 16;
const ERRNO_BYTES: usize = 4;

/// An answer that is not what netlink says.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Malformed {
    /// A message is shorter than its header says.
    #[error("a netlink message is shorter than its header")]
    Header,
    /// An attribute does not fit, or has not the size of its kind.
    #[error("a netlink attribute has not the size of its kind")]
    Attribute,
    /// An answer was longer than the buffer, which is larger than any that
    /// the kernel is known to send.
    #[error("a netlink answer is longer than the buffer")]
    Truncated,
}

/// One message of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    /// A request was done (error number 0) or refused.
    Verdict {
        /// Sequence number of the request.
        sequence: u32,
        /// The flags of its header.
        flags: u16,
        /// 0, or a positive error number.
        errno: i32,
        /// What the kernel said about it.
        text: Option<String>,
    },
    /// A thing asked for.
    Item {
        /// Sequence number of the request.
        sequence: u32,
        /// The flags of its header.
        flags: u16,
        /// What is behind its header.
        payload: &'a [u8],
    },
}

impl Answer<'_> {
    /// The number of the message that is answered.
    pub(crate) fn sequence(&self) -> u32 {
        match self {
            Self::Verdict { sequence, .. } | Self::Item { sequence, .. } => {
                *sequence
            }
        }
    }

    /// The flags of its header.
    pub(crate) fn flags(&self) -> u16 {
        match self {
            Self::Verdict { flags, .. } | Self::Item { flags, .. } => *flags,
        }
    }

    /// True where nothing more is answered to that message.
    pub(crate) fn is_verdict(&self) -> bool {
        matches!(self, Self::Verdict { .. })
    }
}

/// The messages of one datagram.
pub(crate) fn answers(datagram: &[u8]) -> Answers<'_> {
    Answers { rest: datagram }
}

/// See [`answers`].
pub(crate) struct Answers<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Answers<'a> {
    type Item = Result<Answer<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let Some((message, rest)) = split(self.rest) else {
                self.rest = &[];
                return Some(Err(Malformed::Header));
            };
            self.rest = rest;
            if NetlinkBuffer::new(message).message_type() != NLMSG_NOOP {
                return Some(read(message));
            }
        }
        None
    }
}

/// The first message, and what is behind its padding.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = NetlinkBuffer::new_checked(bytes).ok()?.length() as usize;
    let message = bytes.get(..length).filter(|m| m.len() >= HEADER_BYTES)?;
    let padded = length.next_multiple_of(4).min(bytes.len());
    Some((message, bytes.get(padded..)?))
}

fn read(message: &[u8]) -> Result<Answer<'_>, Malformed> {
    let header = NetlinkBuffer::new(message);
    let sequence = header.sequence_number();
    let flags = header.flags();
    let payload = message.get(HEADER_BYTES..).ok_or(Malformed::Header)?;
    match header.message_type() {
        NLMSG_ERROR => verdict(sequence, flags, payload),
        // The kernel may leave out the number where all went well.
        NLMSG_DONE if payload.is_empty() => {
            Ok(Answer::Verdict { sequence, flags, errno: 0, text: None })
        }
        NLMSG_DONE => {
            let text = said(flags, payload, ERRNO_BYTES);
            let errno = errno(payload)?;
            Ok(Answer::Verdict { sequence, flags, errno, text })
        }
        _ => Ok(Answer::Item { sequence, flags, payload }),
    }
}

fn verdict(
    sequence: u32,
    flags: u16,
    payload: &[u8],
) -> Result<Answer<'_>, Malformed> {
    let copied = payload.get(ERRNO_BYTES..).ok_or(Malformed::Header)?;
    // The copy of the request is its header alone where capped.
    let copy = match NetlinkBuffer::new_checked(copied) {
        Ok(request) if flags & CAPPED == 0 => request.length() as usize,
        Ok(_) | Err(_) => HEADER_BYTES,
    };
    let text = said(flags, payload, ERRNO_BYTES + copy.next_multiple_of(4));
    let errno = errno(payload)?;
    Ok(Answer::Verdict { sequence, flags, errno, text })
}

fn errno(payload: &[u8]) -> Result<i32, Malformed> {
    let buffer =
        ErrorBuffer::new_checked(payload).map_err(|_| Malformed::Header)?;
    Ok(buffer.code().map_or(0, |code| code.get().saturating_neg()))
}

/// The kernel's words, where it sent any that can be read.
fn said(flags: u16, payload: &[u8], from: usize) -> Option<String> {
    if flags & ACK_TLVS == 0 {
        return None;
    }
    let found = attributes(payload, from).ok()?;
    found.iter().find(|(kind, _)| *kind == ATTR_MSG).map(|(_, v)| text(v))
}

#[cfg(test)]
mod tests;
