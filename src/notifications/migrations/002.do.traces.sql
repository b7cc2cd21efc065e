-- The trace of the order that the event is about, as in the W3C trace context; null if it has none.
alter table notifications.message add column traceparent text;
