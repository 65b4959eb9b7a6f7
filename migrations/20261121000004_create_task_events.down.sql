DROP INDEX approval_requests_of_task;
DROP TABLE task_events;
DROP TABLE tasks;
