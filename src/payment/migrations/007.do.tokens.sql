-- Of a card that only the provider saw, no digit is known here.
alter table payment.payment drop constraint payment_card_last4_check;
alter table payment.payment add constraint payment_card_last4_check check (card_last4 ~ '^([0-9]{4})?$');
