DROP INDEX principals_by_subject;
