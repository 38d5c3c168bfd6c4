DROP INDEX broadcasts_counted;
