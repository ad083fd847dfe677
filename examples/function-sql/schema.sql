CREATE TABLE dbo.Reading (
    id       bigint IDENTITY PRIMARY KEY,
    sensor   nvarchar(64)  NOT NULL,
    taken_at datetime2(3)  NOT NULL,
    celsius  decimal(5, 2) NOT NULL
);
