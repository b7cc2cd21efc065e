-- Rows are read once, if at all, and only whole: as json they are kept as they were written, without being taken apart.
alter table orders.outbox alter column events type json using events::json;
