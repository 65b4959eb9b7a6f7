DROP TABLE slack_requests;
DROP TABLE slack_users;
