-- Carriers, by code, that reach a place from a neighbouring province: for them alone it is no place of this
-- one. `outside` says so of every carrier.
ALTER TABLE place ADD COLUMN IF NOT EXISTS outsideFor Array(String) DEFAULT []
