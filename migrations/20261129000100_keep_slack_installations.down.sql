DROP TABLE slack_installations;
