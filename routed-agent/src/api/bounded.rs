//! Connections that end: so many at a time, so long each, whatever the other
//! side does. Acts.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// A listener whose connections end.
pub(crate) struct Bounded<L> {
    listener: L,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl<L> Bounded<L> {
    /// At most `most` connections at a time; further ones wait to be
    /// accepted. None lasts longer than `patience`.
    pub(crate) fn new(listener: L, most: usize, patience: Duration) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(most)), patience }
    }
}

impl<L: Listener> Listener for Bounded<L> {
    type Io = BoundedIo<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let places = Arc::clone(&self.places);
        // Nobody closes the semaphore; without it, no bound is lost but the
        // number.
        let place = places.acquire_owned().await.ok();
        let (io, address) = self.listener.accept().await;
        let end = Box::pin(tokio::time::sleep(self.patience));
        (BoundedIo { io, end, _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection that ends.
pub(crate) struct BoundedIo<T> {
    io: T,
    end: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<T> BoundedIo<T> {
    /// What it is around.
    pub(crate) fn inner(&self) -> &T {
        &self.io
    }

    fn in_time(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for BoundedIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.in_time(context)?;
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for BoundedIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.in_time(context)?;
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.in_time(context)?;
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        // Ending is always allowed; its time is what is left.
        let shut = Pin::new(&mut self.io).poll_shutdown(context);
        match shut {
            Poll::Pending => {
                ready!(self.end.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            done @ Poll::Ready(_) => done,
        }
    }
}

#[cfg(test)]
mod tests;
