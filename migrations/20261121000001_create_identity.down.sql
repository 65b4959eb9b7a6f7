DROP TABLE api_keys;
DROP TABLE principals;
DROP TABLE workspaces;
