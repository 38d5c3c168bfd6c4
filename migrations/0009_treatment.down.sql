ALTER TABLE broadcasts DROP COLUMN levelling;
ALTER TABLE broadcasts DROP COLUMN noise_suppression;
