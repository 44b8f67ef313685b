//! Runs futures of one type together on the current task, without spawning.
//!
//! Spawning would ask for `Send` or for a runtime of its own; an endpoint's request is all waiting, so polling the few
//! of them in turn is enough, and the joined future is `Send` exactly when its parts are.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Drives all futures to their end and returns the outputs in the order of the futures.
pub(crate) fn join_all<F: Future>(futures: Vec<F>) -> JoinAll<F> {
    JoinAll { parts: futures.into_iter().map(|future| Part::Running(Box::pin(future))).collect() }
}

/// The future returned by [`join_all`].
pub(crate) struct JoinAll<F: Future> {
    parts: Vec<Part<F>>,
}

enum Part<F: Future> {
    Running(Pin<Box<F>>),
    Done(F::Output),
}

// Nothing is pinned in place: each running future has its own box.
impl<F: Future> Unpin for JoinAll<F> {}

impl<F: Future> Future for JoinAll<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut all_done = true;
        for part in &mut self.parts {
            if let Part::Running(future) = part {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *part = Part::Done(output),
                    Poll::Pending => all_done = false,
                }
            }
        }
        if !all_done {
            return Poll::Pending;
        }
        let parts = core::mem::take(&mut self.parts);
        Poll::Ready(
            parts
                .into_iter()
                .filter_map(|part| match part {
                    Part::Done(output) => Some(output),
                    Part::Running(_) => None,
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_order_and_runs_together() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<u8>();
        let mut parts = vec![Some(receiver)].into_iter();
        let first = parts.next().flatten().unwrap();
        let mut sender = Some(sender);
        let mut first = Some(first);
        let futures = (0..3u8)
            .map(|index| {
                let receiver = if index == 0 { first.take() } else { None };
                let sender = if index == 2 { sender.take() } else { None };
                async move {
                    if let Some(sender) = sender {
                        sender.send(7).unwrap();
                    }
                    match receiver {
                        // Can only end because the third future runs while the first one waits.
                        Some(receiver) => receiver.await.unwrap(),
                        None => index,
                    }
                }
            })
            .collect();
        assert_eq!(join_all(futures).await, vec![7, 1, 2]);
    }

    #[tokio::test]
    async fn joins_nothing() {
        assert_eq!(join_all(Vec::<core::future::Ready<u8>>::new()).await, Vec::<u8>::new());
    }
}
