-- The ids of a product's orders begin with this: the first 48 bits of SHA-256 of its id. By the index, the product of an order
-- is found without reading all products; an update of a product's figures does not touch it.
create function inventory.prefix_of(product_id text) returns text language sql immutable strict parallel safe as
$$ select left(encode(sha256(convert_to(product_id, 'UTF8')), 'hex'), 12) $$;
create index stock_by_prefix on inventory.stock (inventory.prefix_of(product_id));
