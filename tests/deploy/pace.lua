-- wrk's connections rest between requests, so that a thousand of them or so are
-- under way in each second, and leave the processors to what is deployed.
function delay()
    return 5 -- milliseconds
end
