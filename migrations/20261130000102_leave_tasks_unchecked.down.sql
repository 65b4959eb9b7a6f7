ALTER TABLE tasks
    ADD CONSTRAINT tasks_task_id_check CHECK (char_length(task_id) BETWEEN 1 AND 200) NOT VALID;
