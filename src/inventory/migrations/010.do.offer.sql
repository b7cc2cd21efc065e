-- What a unit costs and how many one customer may hold, by the name it has in the program.
alter table inventory.product_price rename to offer;
alter index inventory.product_price_pkey rename to offer_pkey;
