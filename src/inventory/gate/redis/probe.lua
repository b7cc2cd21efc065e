#!lua
-- Writes to keys of its own as a reservation writes to a product's, and undoes it: refused if a reservation is.
-- Without flags, as the reservation: refused as a whole when Redis is out of memory, cannot save, or lacks replicas.
--
-- KEYS    four of a product that is not sold
-- Answer  'ready'
local entry = entryKey('probe')
redis.call('HMGET', PRODUCT, 'life', 'state')
redis.call('MGET', entry)
redis.call('ZCARD', BY_AGE)
redis.call('HSET', PRODUCT, 'pending', 1)
redis.call('HSET', RECORDS, 'probe', 1)
redis.call('ZADD', BY_AGE, 1, 'probe')
redis.call('HSET', HELD, 'probe', 1)
redis.call('SET', entry, 1, 'PX', 1000)
redis.call('DEL', PRODUCT, RECORDS, BY_AGE, HELD, entry)
return 'ready'
