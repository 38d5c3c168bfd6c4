DROP TABLE blocks;
DROP TABLE broadcast_members;
DROP TABLE covers;
DROP TABLE broadcast_terms;
DROP TABLE broadcast_totals;
DROP TABLE broadcasts;
