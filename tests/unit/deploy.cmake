# Tests of deploy/cafe-deploy.
if(NOT TARGET cafe_deploy)
  return()
endif()
