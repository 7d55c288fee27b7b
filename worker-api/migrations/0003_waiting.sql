CREATE TABLE `waiting` (
	`org_id` text PRIMARY KEY NOT NULL,
	`tickets` text NOT NULL,
	`more` integer NOT NULL,
	`at` integer NOT NULL,
	FOREIGN KEY (`org_id`) REFERENCES `orgs`(`id`) ON UPDATE no action ON DELETE no action
);
