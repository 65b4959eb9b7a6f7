ALTER TABLE principals DROP CONSTRAINT grants_are_few;
ALTER TABLE api_keys DROP CONSTRAINT grants_are_few;
ALTER TABLE roles DROP CONSTRAINT permissions_are_few;
